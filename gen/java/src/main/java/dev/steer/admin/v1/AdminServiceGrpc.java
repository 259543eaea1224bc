package dev.steer.admin.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Operator functions, for callers with the role operator.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class AdminServiceGrpc {

  private AdminServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "steer.admin.v1.AdminService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.ListStreamStatesRequest,
      dev.steer.admin.v1.ListStreamStatesResponse> getListStreamStatesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListStreamStates",
      requestType = dev.steer.admin.v1.ListStreamStatesRequest.class,
      responseType = dev.steer.admin.v1.ListStreamStatesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.ListStreamStatesRequest,
      dev.steer.admin.v1.ListStreamStatesResponse> getListStreamStatesMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.ListStreamStatesRequest, dev.steer.admin.v1.ListStreamStatesResponse> getListStreamStatesMethod;
    if ((getListStreamStatesMethod = AdminServiceGrpc.getListStreamStatesMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getListStreamStatesMethod = AdminServiceGrpc.getListStreamStatesMethod) == null) {
          AdminServiceGrpc.getListStreamStatesMethod = getListStreamStatesMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.ListStreamStatesRequest, dev.steer.admin.v1.ListStreamStatesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListStreamStates"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.ListStreamStatesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.ListStreamStatesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("ListStreamStates"))
              .build();
        }
      }
    }
    return getListStreamStatesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.GetStreamStateRequest,
      dev.steer.admin.v1.GetStreamStateResponse> getGetStreamStateMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetStreamState",
      requestType = dev.steer.admin.v1.GetStreamStateRequest.class,
      responseType = dev.steer.admin.v1.GetStreamStateResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.GetStreamStateRequest,
      dev.steer.admin.v1.GetStreamStateResponse> getGetStreamStateMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.GetStreamStateRequest, dev.steer.admin.v1.GetStreamStateResponse> getGetStreamStateMethod;
    if ((getGetStreamStateMethod = AdminServiceGrpc.getGetStreamStateMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getGetStreamStateMethod = AdminServiceGrpc.getGetStreamStateMethod) == null) {
          AdminServiceGrpc.getGetStreamStateMethod = getGetStreamStateMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.GetStreamStateRequest, dev.steer.admin.v1.GetStreamStateResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetStreamState"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.GetStreamStateRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.GetStreamStateResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("GetStreamState"))
              .build();
        }
      }
    }
    return getGetStreamStateMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.CancelStreamRequest,
      dev.steer.admin.v1.CancelStreamResponse> getCancelStreamMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CancelStream",
      requestType = dev.steer.admin.v1.CancelStreamRequest.class,
      responseType = dev.steer.admin.v1.CancelStreamResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.CancelStreamRequest,
      dev.steer.admin.v1.CancelStreamResponse> getCancelStreamMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.CancelStreamRequest, dev.steer.admin.v1.CancelStreamResponse> getCancelStreamMethod;
    if ((getCancelStreamMethod = AdminServiceGrpc.getCancelStreamMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getCancelStreamMethod = AdminServiceGrpc.getCancelStreamMethod) == null) {
          AdminServiceGrpc.getCancelStreamMethod = getCancelStreamMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.CancelStreamRequest, dev.steer.admin.v1.CancelStreamResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CancelStream"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.CancelStreamRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.CancelStreamResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("CancelStream"))
              .build();
        }
      }
    }
    return getCancelStreamMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.CleanupStreamStatesRequest,
      dev.steer.admin.v1.CleanupStreamStatesResponse> getCleanupStreamStatesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CleanupStreamStates",
      requestType = dev.steer.admin.v1.CleanupStreamStatesRequest.class,
      responseType = dev.steer.admin.v1.CleanupStreamStatesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.CleanupStreamStatesRequest,
      dev.steer.admin.v1.CleanupStreamStatesResponse> getCleanupStreamStatesMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.CleanupStreamStatesRequest, dev.steer.admin.v1.CleanupStreamStatesResponse> getCleanupStreamStatesMethod;
    if ((getCleanupStreamStatesMethod = AdminServiceGrpc.getCleanupStreamStatesMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getCleanupStreamStatesMethod = AdminServiceGrpc.getCleanupStreamStatesMethod) == null) {
          AdminServiceGrpc.getCleanupStreamStatesMethod = getCleanupStreamStatesMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.CleanupStreamStatesRequest, dev.steer.admin.v1.CleanupStreamStatesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CleanupStreamStates"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.CleanupStreamStatesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.CleanupStreamStatesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("CleanupStreamStates"))
              .build();
        }
      }
    }
    return getCleanupStreamStatesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.GetProviderStatusRequest,
      dev.steer.admin.v1.GetProviderStatusResponse> getGetProviderStatusMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetProviderStatus",
      requestType = dev.steer.admin.v1.GetProviderStatusRequest.class,
      responseType = dev.steer.admin.v1.GetProviderStatusResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.GetProviderStatusRequest,
      dev.steer.admin.v1.GetProviderStatusResponse> getGetProviderStatusMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.GetProviderStatusRequest, dev.steer.admin.v1.GetProviderStatusResponse> getGetProviderStatusMethod;
    if ((getGetProviderStatusMethod = AdminServiceGrpc.getGetProviderStatusMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getGetProviderStatusMethod = AdminServiceGrpc.getGetProviderStatusMethod) == null) {
          AdminServiceGrpc.getGetProviderStatusMethod = getGetProviderStatusMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.GetProviderStatusRequest, dev.steer.admin.v1.GetProviderStatusResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetProviderStatus"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.GetProviderStatusRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.GetProviderStatusResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("GetProviderStatus"))
              .build();
        }
      }
    }
    return getGetProviderStatusMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.ResetCircuitRequest,
      dev.steer.admin.v1.ResetCircuitResponse> getResetCircuitMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ResetCircuit",
      requestType = dev.steer.admin.v1.ResetCircuitRequest.class,
      responseType = dev.steer.admin.v1.ResetCircuitResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.ResetCircuitRequest,
      dev.steer.admin.v1.ResetCircuitResponse> getResetCircuitMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.ResetCircuitRequest, dev.steer.admin.v1.ResetCircuitResponse> getResetCircuitMethod;
    if ((getResetCircuitMethod = AdminServiceGrpc.getResetCircuitMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getResetCircuitMethod = AdminServiceGrpc.getResetCircuitMethod) == null) {
          AdminServiceGrpc.getResetCircuitMethod = getResetCircuitMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.ResetCircuitRequest, dev.steer.admin.v1.ResetCircuitResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ResetCircuit"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.ResetCircuitRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.ResetCircuitResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("ResetCircuit"))
              .build();
        }
      }
    }
    return getResetCircuitMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.GetRetryMetricsRequest,
      dev.steer.admin.v1.GetRetryMetricsResponse> getGetRetryMetricsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetRetryMetrics",
      requestType = dev.steer.admin.v1.GetRetryMetricsRequest.class,
      responseType = dev.steer.admin.v1.GetRetryMetricsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.GetRetryMetricsRequest,
      dev.steer.admin.v1.GetRetryMetricsResponse> getGetRetryMetricsMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.GetRetryMetricsRequest, dev.steer.admin.v1.GetRetryMetricsResponse> getGetRetryMetricsMethod;
    if ((getGetRetryMetricsMethod = AdminServiceGrpc.getGetRetryMetricsMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getGetRetryMetricsMethod = AdminServiceGrpc.getGetRetryMetricsMethod) == null) {
          AdminServiceGrpc.getGetRetryMetricsMethod = getGetRetryMetricsMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.GetRetryMetricsRequest, dev.steer.admin.v1.GetRetryMetricsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetRetryMetrics"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.GetRetryMetricsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.GetRetryMetricsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("GetRetryMetrics"))
              .build();
        }
      }
    }
    return getGetRetryMetricsMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static AdminServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AdminServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AdminServiceStub>() {
        @java.lang.Override
        public AdminServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AdminServiceStub(channel, callOptions);
        }
      };
    return AdminServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static AdminServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AdminServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AdminServiceBlockingV2Stub>() {
        @java.lang.Override
        public AdminServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AdminServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return AdminServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static AdminServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AdminServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AdminServiceBlockingStub>() {
        @java.lang.Override
        public AdminServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AdminServiceBlockingStub(channel, callOptions);
        }
      };
    return AdminServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static AdminServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AdminServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AdminServiceFutureStub>() {
        @java.lang.Override
        public AdminServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AdminServiceFutureStub(channel, callOptions);
        }
      };
    return AdminServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Operator functions, for callers with the role operator.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Lists stored streams, newest first.
     * </pre>
     */
    default void listStreamStates(dev.steer.admin.v1.ListStreamStatesRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.ListStreamStatesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListStreamStatesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns one stored stream.
     * </pre>
     */
    default void getStreamState(dev.steer.admin.v1.GetStreamStateRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.GetStreamStateResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetStreamStateMethod(), responseObserver);
    }

    /**
     * <pre>
     * Cancels any caller's stream.
     * </pre>
     */
    default void cancelStream(dev.steer.admin.v1.CancelStreamRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.CancelStreamResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCancelStreamMethod(), responseObserver);
    }

    /**
     * <pre>
     * Deletes stored streams by age. Running streams are never deleted.
     * </pre>
     */
    default void cleanupStreamStates(dev.steer.admin.v1.CleanupStreamStatesRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.CleanupStreamStatesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCleanupStreamStatesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reports availability and circuit state per provider.
     * </pre>
     */
    default void getProviderStatus(dev.steer.admin.v1.GetProviderStatusRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.GetProviderStatusResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetProviderStatusMethod(), responseObserver);
    }

    /**
     * <pre>
     * Closes a circuit and clears its window.
     * </pre>
     */
    default void resetCircuit(dev.steer.admin.v1.ResetCircuitRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.ResetCircuitResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getResetCircuitMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reports retry and failover counters.
     * </pre>
     */
    default void getRetryMetrics(dev.steer.admin.v1.GetRetryMetricsRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.GetRetryMetricsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetRetryMetricsMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service AdminService.
   * <pre>
   * Operator functions, for callers with the role operator.
   * </pre>
   */
  public static abstract class AdminServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return AdminServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service AdminService.
   * <pre>
   * Operator functions, for callers with the role operator.
   * </pre>
   */
  public static final class AdminServiceStub
      extends io.grpc.stub.AbstractAsyncStub<AdminServiceStub> {
    private AdminServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AdminServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AdminServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists stored streams, newest first.
     * </pre>
     */
    public void listStreamStates(dev.steer.admin.v1.ListStreamStatesRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.ListStreamStatesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListStreamStatesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns one stored stream.
     * </pre>
     */
    public void getStreamState(dev.steer.admin.v1.GetStreamStateRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.GetStreamStateResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetStreamStateMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Cancels any caller's stream.
     * </pre>
     */
    public void cancelStream(dev.steer.admin.v1.CancelStreamRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.CancelStreamResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCancelStreamMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Deletes stored streams by age. Running streams are never deleted.
     * </pre>
     */
    public void cleanupStreamStates(dev.steer.admin.v1.CleanupStreamStatesRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.CleanupStreamStatesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCleanupStreamStatesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reports availability and circuit state per provider.
     * </pre>
     */
    public void getProviderStatus(dev.steer.admin.v1.GetProviderStatusRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.GetProviderStatusResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetProviderStatusMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Closes a circuit and clears its window.
     * </pre>
     */
    public void resetCircuit(dev.steer.admin.v1.ResetCircuitRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.ResetCircuitResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getResetCircuitMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reports retry and failover counters.
     * </pre>
     */
    public void getRetryMetrics(dev.steer.admin.v1.GetRetryMetricsRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.GetRetryMetricsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetRetryMetricsMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service AdminService.
   * <pre>
   * Operator functions, for callers with the role operator.
   * </pre>
   */
  public static final class AdminServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<AdminServiceBlockingV2Stub> {
    private AdminServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AdminServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AdminServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists stored streams, newest first.
     * </pre>
     */
    public dev.steer.admin.v1.ListStreamStatesResponse listStreamStates(dev.steer.admin.v1.ListStreamStatesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListStreamStatesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns one stored stream.
     * </pre>
     */
    public dev.steer.admin.v1.GetStreamStateResponse getStreamState(dev.steer.admin.v1.GetStreamStateRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetStreamStateMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Cancels any caller's stream.
     * </pre>
     */
    public dev.steer.admin.v1.CancelStreamResponse cancelStream(dev.steer.admin.v1.CancelStreamRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCancelStreamMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes stored streams by age. Running streams are never deleted.
     * </pre>
     */
    public dev.steer.admin.v1.CleanupStreamStatesResponse cleanupStreamStates(dev.steer.admin.v1.CleanupStreamStatesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCleanupStreamStatesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reports availability and circuit state per provider.
     * </pre>
     */
    public dev.steer.admin.v1.GetProviderStatusResponse getProviderStatus(dev.steer.admin.v1.GetProviderStatusRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetProviderStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Closes a circuit and clears its window.
     * </pre>
     */
    public dev.steer.admin.v1.ResetCircuitResponse resetCircuit(dev.steer.admin.v1.ResetCircuitRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getResetCircuitMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reports retry and failover counters.
     * </pre>
     */
    public dev.steer.admin.v1.GetRetryMetricsResponse getRetryMetrics(dev.steer.admin.v1.GetRetryMetricsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetRetryMetricsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service AdminService.
   * <pre>
   * Operator functions, for callers with the role operator.
   * </pre>
   */
  public static final class AdminServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<AdminServiceBlockingStub> {
    private AdminServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AdminServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AdminServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists stored streams, newest first.
     * </pre>
     */
    public dev.steer.admin.v1.ListStreamStatesResponse listStreamStates(dev.steer.admin.v1.ListStreamStatesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListStreamStatesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns one stored stream.
     * </pre>
     */
    public dev.steer.admin.v1.GetStreamStateResponse getStreamState(dev.steer.admin.v1.GetStreamStateRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetStreamStateMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Cancels any caller's stream.
     * </pre>
     */
    public dev.steer.admin.v1.CancelStreamResponse cancelStream(dev.steer.admin.v1.CancelStreamRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCancelStreamMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes stored streams by age. Running streams are never deleted.
     * </pre>
     */
    public dev.steer.admin.v1.CleanupStreamStatesResponse cleanupStreamStates(dev.steer.admin.v1.CleanupStreamStatesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCleanupStreamStatesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reports availability and circuit state per provider.
     * </pre>
     */
    public dev.steer.admin.v1.GetProviderStatusResponse getProviderStatus(dev.steer.admin.v1.GetProviderStatusRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetProviderStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Closes a circuit and clears its window.
     * </pre>
     */
    public dev.steer.admin.v1.ResetCircuitResponse resetCircuit(dev.steer.admin.v1.ResetCircuitRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getResetCircuitMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reports retry and failover counters.
     * </pre>
     */
    public dev.steer.admin.v1.GetRetryMetricsResponse getRetryMetrics(dev.steer.admin.v1.GetRetryMetricsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetRetryMetricsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service AdminService.
   * <pre>
   * Operator functions, for callers with the role operator.
   * </pre>
   */
  public static final class AdminServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<AdminServiceFutureStub> {
    private AdminServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AdminServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AdminServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists stored streams, newest first.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.ListStreamStatesResponse> listStreamStates(
        dev.steer.admin.v1.ListStreamStatesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListStreamStatesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns one stored stream.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.GetStreamStateResponse> getStreamState(
        dev.steer.admin.v1.GetStreamStateRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetStreamStateMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Cancels any caller's stream.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.CancelStreamResponse> cancelStream(
        dev.steer.admin.v1.CancelStreamRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCancelStreamMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Deletes stored streams by age. Running streams are never deleted.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.CleanupStreamStatesResponse> cleanupStreamStates(
        dev.steer.admin.v1.CleanupStreamStatesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCleanupStreamStatesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reports availability and circuit state per provider.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.GetProviderStatusResponse> getProviderStatus(
        dev.steer.admin.v1.GetProviderStatusRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetProviderStatusMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Closes a circuit and clears its window.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.ResetCircuitResponse> resetCircuit(
        dev.steer.admin.v1.ResetCircuitRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getResetCircuitMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reports retry and failover counters.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.GetRetryMetricsResponse> getRetryMetrics(
        dev.steer.admin.v1.GetRetryMetricsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetRetryMetricsMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_STREAM_STATES = 0;
  private static final int METHODID_GET_STREAM_STATE = 1;
  private static final int METHODID_CANCEL_STREAM = 2;
  private static final int METHODID_CLEANUP_STREAM_STATES = 3;
  private static final int METHODID_GET_PROVIDER_STATUS = 4;
  private static final int METHODID_RESET_CIRCUIT = 5;
  private static final int METHODID_GET_RETRY_METRICS = 6;

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
        case METHODID_LIST_STREAM_STATES:
          serviceImpl.listStreamStates((dev.steer.admin.v1.ListStreamStatesRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.ListStreamStatesResponse>) responseObserver);
          break;
        case METHODID_GET_STREAM_STATE:
          serviceImpl.getStreamState((dev.steer.admin.v1.GetStreamStateRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.GetStreamStateResponse>) responseObserver);
          break;
        case METHODID_CANCEL_STREAM:
          serviceImpl.cancelStream((dev.steer.admin.v1.CancelStreamRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.CancelStreamResponse>) responseObserver);
          break;
        case METHODID_CLEANUP_STREAM_STATES:
          serviceImpl.cleanupStreamStates((dev.steer.admin.v1.CleanupStreamStatesRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.CleanupStreamStatesResponse>) responseObserver);
          break;
        case METHODID_GET_PROVIDER_STATUS:
          serviceImpl.getProviderStatus((dev.steer.admin.v1.GetProviderStatusRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.GetProviderStatusResponse>) responseObserver);
          break;
        case METHODID_RESET_CIRCUIT:
          serviceImpl.resetCircuit((dev.steer.admin.v1.ResetCircuitRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.ResetCircuitResponse>) responseObserver);
          break;
        case METHODID_GET_RETRY_METRICS:
          serviceImpl.getRetryMetrics((dev.steer.admin.v1.GetRetryMetricsRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.GetRetryMetricsResponse>) responseObserver);
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
          getListStreamStatesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.ListStreamStatesRequest,
              dev.steer.admin.v1.ListStreamStatesResponse>(
                service, METHODID_LIST_STREAM_STATES)))
        .addMethod(
          getGetStreamStateMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.GetStreamStateRequest,
              dev.steer.admin.v1.GetStreamStateResponse>(
                service, METHODID_GET_STREAM_STATE)))
        .addMethod(
          getCancelStreamMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.CancelStreamRequest,
              dev.steer.admin.v1.CancelStreamResponse>(
                service, METHODID_CANCEL_STREAM)))
        .addMethod(
          getCleanupStreamStatesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.CleanupStreamStatesRequest,
              dev.steer.admin.v1.CleanupStreamStatesResponse>(
                service, METHODID_CLEANUP_STREAM_STATES)))
        .addMethod(
          getGetProviderStatusMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.GetProviderStatusRequest,
              dev.steer.admin.v1.GetProviderStatusResponse>(
                service, METHODID_GET_PROVIDER_STATUS)))
        .addMethod(
          getResetCircuitMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.ResetCircuitRequest,
              dev.steer.admin.v1.ResetCircuitResponse>(
                service, METHODID_RESET_CIRCUIT)))
        .addMethod(
          getGetRetryMetricsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.GetRetryMetricsRequest,
              dev.steer.admin.v1.GetRetryMetricsResponse>(
                service, METHODID_GET_RETRY_METRICS)))
        .build();
  }

  private static abstract class AdminServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    AdminServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.steer.admin.v1.AdminServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("AdminService");
    }
  }

  private static final class AdminServiceFileDescriptorSupplier
      extends AdminServiceBaseDescriptorSupplier {
    AdminServiceFileDescriptorSupplier() {}
  }

  private static final class AdminServiceMethodDescriptorSupplier
      extends AdminServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    AdminServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (AdminServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new AdminServiceFileDescriptorSupplier())
              .addMethod(getListStreamStatesMethod())
              .addMethod(getGetStreamStateMethod())
              .addMethod(getCancelStreamMethod())
              .addMethod(getCleanupStreamStatesMethod())
              .addMethod(getGetProviderStatusMethod())
              .addMethod(getResetCircuitMethod())
              .addMethod(getGetRetryMetricsMethod())
              .build();
        }
      }
    }
    return result;
  }
}
