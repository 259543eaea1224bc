package dev.steer.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Generates output with language models.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class GenerationServiceGrpc {

  private GenerationServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "steer.v1.GenerationService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.steer.v1.GenerateRequest,
      dev.steer.v1.GenerateResponse> getGenerateMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Generate",
      requestType = dev.steer.v1.GenerateRequest.class,
      responseType = dev.steer.v1.GenerateResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.v1.GenerateRequest,
      dev.steer.v1.GenerateResponse> getGenerateMethod() {
    io.grpc.MethodDescriptor<dev.steer.v1.GenerateRequest, dev.steer.v1.GenerateResponse> getGenerateMethod;
    if ((getGenerateMethod = GenerationServiceGrpc.getGenerateMethod) == null) {
      synchronized (GenerationServiceGrpc.class) {
        if ((getGenerateMethod = GenerationServiceGrpc.getGenerateMethod) == null) {
          GenerationServiceGrpc.getGenerateMethod = getGenerateMethod =
              io.grpc.MethodDescriptor.<dev.steer.v1.GenerateRequest, dev.steer.v1.GenerateResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Generate"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.v1.GenerateRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.v1.GenerateResponse.getDefaultInstance()))
              .setSchemaDescriptor(new GenerationServiceMethodDescriptorSupplier("Generate"))
              .build();
        }
      }
    }
    return getGenerateMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.v1.StreamGenerateRequest,
      dev.steer.v1.StreamEvent> getStreamGenerateMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "StreamGenerate",
      requestType = dev.steer.v1.StreamGenerateRequest.class,
      responseType = dev.steer.v1.StreamEvent.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.steer.v1.StreamGenerateRequest,
      dev.steer.v1.StreamEvent> getStreamGenerateMethod() {
    io.grpc.MethodDescriptor<dev.steer.v1.StreamGenerateRequest, dev.steer.v1.StreamEvent> getStreamGenerateMethod;
    if ((getStreamGenerateMethod = GenerationServiceGrpc.getStreamGenerateMethod) == null) {
      synchronized (GenerationServiceGrpc.class) {
        if ((getStreamGenerateMethod = GenerationServiceGrpc.getStreamGenerateMethod) == null) {
          GenerationServiceGrpc.getStreamGenerateMethod = getStreamGenerateMethod =
              io.grpc.MethodDescriptor.<dev.steer.v1.StreamGenerateRequest, dev.steer.v1.StreamEvent>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "StreamGenerate"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.v1.StreamGenerateRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.v1.StreamEvent.getDefaultInstance()))
              .setSchemaDescriptor(new GenerationServiceMethodDescriptorSupplier("StreamGenerate"))
              .build();
        }
      }
    }
    return getStreamGenerateMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.v1.ResumeStreamRequest,
      dev.steer.v1.StreamEvent> getResumeStreamMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ResumeStream",
      requestType = dev.steer.v1.ResumeStreamRequest.class,
      responseType = dev.steer.v1.StreamEvent.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.steer.v1.ResumeStreamRequest,
      dev.steer.v1.StreamEvent> getResumeStreamMethod() {
    io.grpc.MethodDescriptor<dev.steer.v1.ResumeStreamRequest, dev.steer.v1.StreamEvent> getResumeStreamMethod;
    if ((getResumeStreamMethod = GenerationServiceGrpc.getResumeStreamMethod) == null) {
      synchronized (GenerationServiceGrpc.class) {
        if ((getResumeStreamMethod = GenerationServiceGrpc.getResumeStreamMethod) == null) {
          GenerationServiceGrpc.getResumeStreamMethod = getResumeStreamMethod =
              io.grpc.MethodDescriptor.<dev.steer.v1.ResumeStreamRequest, dev.steer.v1.StreamEvent>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ResumeStream"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.v1.ResumeStreamRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.v1.StreamEvent.getDefaultInstance()))
              .setSchemaDescriptor(new GenerationServiceMethodDescriptorSupplier("ResumeStream"))
              .build();
        }
      }
    }
    return getResumeStreamMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.v1.CancelGenerationRequest,
      dev.steer.v1.CancelGenerationResponse> getCancelGenerationMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CancelGeneration",
      requestType = dev.steer.v1.CancelGenerationRequest.class,
      responseType = dev.steer.v1.CancelGenerationResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.v1.CancelGenerationRequest,
      dev.steer.v1.CancelGenerationResponse> getCancelGenerationMethod() {
    io.grpc.MethodDescriptor<dev.steer.v1.CancelGenerationRequest, dev.steer.v1.CancelGenerationResponse> getCancelGenerationMethod;
    if ((getCancelGenerationMethod = GenerationServiceGrpc.getCancelGenerationMethod) == null) {
      synchronized (GenerationServiceGrpc.class) {
        if ((getCancelGenerationMethod = GenerationServiceGrpc.getCancelGenerationMethod) == null) {
          GenerationServiceGrpc.getCancelGenerationMethod = getCancelGenerationMethod =
              io.grpc.MethodDescriptor.<dev.steer.v1.CancelGenerationRequest, dev.steer.v1.CancelGenerationResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CancelGeneration"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.v1.CancelGenerationRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.v1.CancelGenerationResponse.getDefaultInstance()))
              .setSchemaDescriptor(new GenerationServiceMethodDescriptorSupplier("CancelGeneration"))
              .build();
        }
      }
    }
    return getCancelGenerationMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.v1.CountTokensRequest,
      dev.steer.v1.CountTokensResponse> getCountTokensMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CountTokens",
      requestType = dev.steer.v1.CountTokensRequest.class,
      responseType = dev.steer.v1.CountTokensResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.v1.CountTokensRequest,
      dev.steer.v1.CountTokensResponse> getCountTokensMethod() {
    io.grpc.MethodDescriptor<dev.steer.v1.CountTokensRequest, dev.steer.v1.CountTokensResponse> getCountTokensMethod;
    if ((getCountTokensMethod = GenerationServiceGrpc.getCountTokensMethod) == null) {
      synchronized (GenerationServiceGrpc.class) {
        if ((getCountTokensMethod = GenerationServiceGrpc.getCountTokensMethod) == null) {
          GenerationServiceGrpc.getCountTokensMethod = getCountTokensMethod =
              io.grpc.MethodDescriptor.<dev.steer.v1.CountTokensRequest, dev.steer.v1.CountTokensResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CountTokens"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.v1.CountTokensRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.v1.CountTokensResponse.getDefaultInstance()))
              .setSchemaDescriptor(new GenerationServiceMethodDescriptorSupplier("CountTokens"))
              .build();
        }
      }
    }
    return getCountTokensMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static GenerationServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<GenerationServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<GenerationServiceStub>() {
        @java.lang.Override
        public GenerationServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new GenerationServiceStub(channel, callOptions);
        }
      };
    return GenerationServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static GenerationServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<GenerationServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<GenerationServiceBlockingV2Stub>() {
        @java.lang.Override
        public GenerationServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new GenerationServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return GenerationServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static GenerationServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<GenerationServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<GenerationServiceBlockingStub>() {
        @java.lang.Override
        public GenerationServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new GenerationServiceBlockingStub(channel, callOptions);
        }
      };
    return GenerationServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static GenerationServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<GenerationServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<GenerationServiceFutureStub>() {
        @java.lang.Override
        public GenerationServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new GenerationServiceFutureStub(channel, callOptions);
        }
      };
    return GenerationServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Generates output with language models.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Generates and returns the whole result.
     * Safe to repeat only with a `request_id`.
     * </pre>
     */
    default void generate(dev.steer.v1.GenerateRequest request,
        io.grpc.stub.StreamObserver<dev.steer.v1.GenerateResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGenerateMethod(), responseObserver);
    }

    /**
     * <pre>
     * Generates and streams the result as events.
     * Safe to repeat only with a `request_id`: a repetition joins the existing
     * stream and replays it from the first event.
     * </pre>
     */
    default void streamGenerate(dev.steer.v1.StreamGenerateRequest request,
        io.grpc.stub.StreamObserver<dev.steer.v1.StreamEvent> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getStreamGenerateMethod(), responseObserver);
    }

    /**
     * <pre>
     * Delivers the events of a stream after a known sequence, then follows it
     * to its end. Any replica can serve it, any number of times.
     * </pre>
     */
    default void resumeStream(dev.steer.v1.ResumeStreamRequest request,
        io.grpc.stub.StreamObserver<dev.steer.v1.StreamEvent> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getResumeStreamMethod(), responseObserver);
    }

    /**
     * <pre>
     * Stops a generation of the caller. Cancelling a finished one has no effect.
     * </pre>
     */
    default void cancelGeneration(dev.steer.v1.CancelGenerationRequest request,
        io.grpc.stub.StreamObserver<dev.steer.v1.CancelGenerationResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCancelGenerationMethod(), responseObserver);
    }

    /**
     * <pre>
     * Counts the input tokens of a request without running it.
     * </pre>
     */
    default void countTokens(dev.steer.v1.CountTokensRequest request,
        io.grpc.stub.StreamObserver<dev.steer.v1.CountTokensResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCountTokensMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service GenerationService.
   * <pre>
   * Generates output with language models.
   * </pre>
   */
  public static abstract class GenerationServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return GenerationServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service GenerationService.
   * <pre>
   * Generates output with language models.
   * </pre>
   */
  public static final class GenerationServiceStub
      extends io.grpc.stub.AbstractAsyncStub<GenerationServiceStub> {
    private GenerationServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected GenerationServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new GenerationServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Generates and returns the whole result.
     * Safe to repeat only with a `request_id`.
     * </pre>
     */
    public void generate(dev.steer.v1.GenerateRequest request,
        io.grpc.stub.StreamObserver<dev.steer.v1.GenerateResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGenerateMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Generates and streams the result as events.
     * Safe to repeat only with a `request_id`: a repetition joins the existing
     * stream and replays it from the first event.
     * </pre>
     */
    public void streamGenerate(dev.steer.v1.StreamGenerateRequest request,
        io.grpc.stub.StreamObserver<dev.steer.v1.StreamEvent> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getStreamGenerateMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Delivers the events of a stream after a known sequence, then follows it
     * to its end. Any replica can serve it, any number of times.
     * </pre>
     */
    public void resumeStream(dev.steer.v1.ResumeStreamRequest request,
        io.grpc.stub.StreamObserver<dev.steer.v1.StreamEvent> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getResumeStreamMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Stops a generation of the caller. Cancelling a finished one has no effect.
     * </pre>
     */
    public void cancelGeneration(dev.steer.v1.CancelGenerationRequest request,
        io.grpc.stub.StreamObserver<dev.steer.v1.CancelGenerationResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCancelGenerationMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Counts the input tokens of a request without running it.
     * </pre>
     */
    public void countTokens(dev.steer.v1.CountTokensRequest request,
        io.grpc.stub.StreamObserver<dev.steer.v1.CountTokensResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCountTokensMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service GenerationService.
   * <pre>
   * Generates output with language models.
   * </pre>
   */
  public static final class GenerationServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<GenerationServiceBlockingV2Stub> {
    private GenerationServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected GenerationServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new GenerationServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Generates and returns the whole result.
     * Safe to repeat only with a `request_id`.
     * </pre>
     */
    public dev.steer.v1.GenerateResponse generate(dev.steer.v1.GenerateRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGenerateMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Generates and streams the result as events.
     * Safe to repeat only with a `request_id`: a repetition joins the existing
     * stream and replays it from the first event.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.steer.v1.StreamEvent>
        streamGenerate(dev.steer.v1.StreamGenerateRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getStreamGenerateMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Delivers the events of a stream after a known sequence, then follows it
     * to its end. Any replica can serve it, any number of times.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.steer.v1.StreamEvent>
        resumeStream(dev.steer.v1.ResumeStreamRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getResumeStreamMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stops a generation of the caller. Cancelling a finished one has no effect.
     * </pre>
     */
    public dev.steer.v1.CancelGenerationResponse cancelGeneration(dev.steer.v1.CancelGenerationRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCancelGenerationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Counts the input tokens of a request without running it.
     * </pre>
     */
    public dev.steer.v1.CountTokensResponse countTokens(dev.steer.v1.CountTokensRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCountTokensMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service GenerationService.
   * <pre>
   * Generates output with language models.
   * </pre>
   */
  public static final class GenerationServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<GenerationServiceBlockingStub> {
    private GenerationServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected GenerationServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new GenerationServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Generates and returns the whole result.
     * Safe to repeat only with a `request_id`.
     * </pre>
     */
    public dev.steer.v1.GenerateResponse generate(dev.steer.v1.GenerateRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGenerateMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Generates and streams the result as events.
     * Safe to repeat only with a `request_id`: a repetition joins the existing
     * stream and replays it from the first event.
     * </pre>
     */
    public java.util.Iterator<dev.steer.v1.StreamEvent> streamGenerate(
        dev.steer.v1.StreamGenerateRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getStreamGenerateMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Delivers the events of a stream after a known sequence, then follows it
     * to its end. Any replica can serve it, any number of times.
     * </pre>
     */
    public java.util.Iterator<dev.steer.v1.StreamEvent> resumeStream(
        dev.steer.v1.ResumeStreamRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getResumeStreamMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stops a generation of the caller. Cancelling a finished one has no effect.
     * </pre>
     */
    public dev.steer.v1.CancelGenerationResponse cancelGeneration(dev.steer.v1.CancelGenerationRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCancelGenerationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Counts the input tokens of a request without running it.
     * </pre>
     */
    public dev.steer.v1.CountTokensResponse countTokens(dev.steer.v1.CountTokensRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCountTokensMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service GenerationService.
   * <pre>
   * Generates output with language models.
   * </pre>
   */
  public static final class GenerationServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<GenerationServiceFutureStub> {
    private GenerationServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected GenerationServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new GenerationServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Generates and returns the whole result.
     * Safe to repeat only with a `request_id`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.v1.GenerateResponse> generate(
        dev.steer.v1.GenerateRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGenerateMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Stops a generation of the caller. Cancelling a finished one has no effect.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.v1.CancelGenerationResponse> cancelGeneration(
        dev.steer.v1.CancelGenerationRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCancelGenerationMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Counts the input tokens of a request without running it.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.v1.CountTokensResponse> countTokens(
        dev.steer.v1.CountTokensRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCountTokensMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_GENERATE = 0;
  private static final int METHODID_STREAM_GENERATE = 1;
  private static final int METHODID_RESUME_STREAM = 2;
  private static final int METHODID_CANCEL_GENERATION = 3;
  private static final int METHODID_COUNT_TOKENS = 4;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_GENERATE:
          serviceImpl.generate((dev.steer.v1.GenerateRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.v1.GenerateResponse>) responseObserver);
          break;
        case METHODID_STREAM_GENERATE:
          serviceImpl.streamGenerate((dev.steer.v1.StreamGenerateRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.v1.StreamEvent>) responseObserver);
          break;
        case METHODID_RESUME_STREAM:
          serviceImpl.resumeStream((dev.steer.v1.ResumeStreamRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.v1.StreamEvent>) responseObserver);
          break;
        case METHODID_CANCEL_GENERATION:
          serviceImpl.cancelGeneration((dev.steer.v1.CancelGenerationRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.v1.CancelGenerationResponse>) responseObserver);
          break;
        case METHODID_COUNT_TOKENS:
          serviceImpl.countTokens((dev.steer.v1.CountTokensRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.v1.CountTokensResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getGenerateMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.v1.GenerateRequest,
              dev.steer.v1.GenerateResponse>(
                service, METHODID_GENERATE)))
        .addMethod(
          getStreamGenerateMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.steer.v1.StreamGenerateRequest,
              dev.steer.v1.StreamEvent>(
                service, METHODID_STREAM_GENERATE)))
        .addMethod(
          getResumeStreamMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.steer.v1.ResumeStreamRequest,
              dev.steer.v1.StreamEvent>(
                service, METHODID_RESUME_STREAM)))
        .addMethod(
          getCancelGenerationMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.v1.CancelGenerationRequest,
              dev.steer.v1.CancelGenerationResponse>(
                service, METHODID_CANCEL_GENERATION)))
        .addMethod(
          getCountTokensMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.v1.CountTokensRequest,
              dev.steer.v1.CountTokensResponse>(
                service, METHODID_COUNT_TOKENS)))
        .build();
  }

  private static abstract class GenerationServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    GenerationServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.steer.v1.GenerationServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("GenerationService");
    }
  }

  private static final class GenerationServiceFileDescriptorSupplier
      extends GenerationServiceBaseDescriptorSupplier {
    GenerationServiceFileDescriptorSupplier() {}
  }

  private static final class GenerationServiceMethodDescriptorSupplier
      extends GenerationServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    GenerationServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (GenerationServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new GenerationServiceFileDescriptorSupplier())
              .addMethod(getGenerateMethod())
              .addMethod(getStreamGenerateMethod())
              .addMethod(getResumeStreamMethod())
              .addMethod(getCancelGenerationMethod())
              .addMethod(getCountTokensMethod())
              .build();
        }
      }
    }
    return result;
  }
}
