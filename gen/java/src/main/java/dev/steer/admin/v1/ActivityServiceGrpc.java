package dev.steer.admin.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * What the service does now and did lately, for callers with the role operator.
 * Neither prompts nor outputs are in any answer.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class ActivityServiceGrpc {

  private ActivityServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "steer.admin.v1.ActivityService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.WatchActivityRequest,
      dev.steer.admin.v1.WatchActivityResponse> getWatchActivityMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchActivity",
      requestType = dev.steer.admin.v1.WatchActivityRequest.class,
      responseType = dev.steer.admin.v1.WatchActivityResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.WatchActivityRequest,
      dev.steer.admin.v1.WatchActivityResponse> getWatchActivityMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.WatchActivityRequest, dev.steer.admin.v1.WatchActivityResponse> getWatchActivityMethod;
    if ((getWatchActivityMethod = ActivityServiceGrpc.getWatchActivityMethod) == null) {
      synchronized (ActivityServiceGrpc.class) {
        if ((getWatchActivityMethod = ActivityServiceGrpc.getWatchActivityMethod) == null) {
          ActivityServiceGrpc.getWatchActivityMethod = getWatchActivityMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.WatchActivityRequest, dev.steer.admin.v1.WatchActivityResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchActivity"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.WatchActivityRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.WatchActivityResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ActivityServiceMethodDescriptorSupplier("WatchActivity"))
              .build();
        }
      }
    }
    return getWatchActivityMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.ListRecentCallsRequest,
      dev.steer.admin.v1.ListRecentCallsResponse> getListRecentCallsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListRecentCalls",
      requestType = dev.steer.admin.v1.ListRecentCallsRequest.class,
      responseType = dev.steer.admin.v1.ListRecentCallsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.ListRecentCallsRequest,
      dev.steer.admin.v1.ListRecentCallsResponse> getListRecentCallsMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.ListRecentCallsRequest, dev.steer.admin.v1.ListRecentCallsResponse> getListRecentCallsMethod;
    if ((getListRecentCallsMethod = ActivityServiceGrpc.getListRecentCallsMethod) == null) {
      synchronized (ActivityServiceGrpc.class) {
        if ((getListRecentCallsMethod = ActivityServiceGrpc.getListRecentCallsMethod) == null) {
          ActivityServiceGrpc.getListRecentCallsMethod = getListRecentCallsMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.ListRecentCallsRequest, dev.steer.admin.v1.ListRecentCallsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListRecentCalls"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.ListRecentCallsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.ListRecentCallsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ActivityServiceMethodDescriptorSupplier("ListRecentCalls"))
              .build();
        }
      }
    }
    return getListRecentCallsMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static ActivityServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ActivityServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ActivityServiceStub>() {
        @java.lang.Override
        public ActivityServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ActivityServiceStub(channel, callOptions);
        }
      };
    return ActivityServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static ActivityServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ActivityServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ActivityServiceBlockingV2Stub>() {
        @java.lang.Override
        public ActivityServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ActivityServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return ActivityServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static ActivityServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ActivityServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ActivityServiceBlockingStub>() {
        @java.lang.Override
        public ActivityServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ActivityServiceBlockingStub(channel, callOptions);
        }
      };
    return ActivityServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static ActivityServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ActivityServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ActivityServiceFutureStub>() {
        @java.lang.Override
        public ActivityServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ActivityServiceFutureStub(channel, callOptions);
        }
      };
    return ActivityServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * What the service does now and did lately, for callers with the role operator.
   * Neither prompts nor outputs are in any answer.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Reports the activity of every second. The first answer has the past, every
     * later one the second that ended; a client that reads slowly gets several
     * seconds in one answer. With the scope CLUSTER, each second is reported two
     * seconds later, when all replicas have told theirs. The call ends when its
     * caller ends it, or with UNAVAILABLE and DRAINING when the replica drains.
     * </pre>
     */
    default void watchActivity(dev.steer.admin.v1.WatchActivityRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.WatchActivityResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchActivityMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists calls that ended lately, the latest first. A replica remembers its
     * last 800 generations and 200 other calls. Of many refused calls of one
     * caller with one reason, it remembers ten in ten seconds.
     * </pre>
     */
    default void listRecentCalls(dev.steer.admin.v1.ListRecentCallsRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.ListRecentCallsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListRecentCallsMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service ActivityService.
   * <pre>
   * What the service does now and did lately, for callers with the role operator.
   * Neither prompts nor outputs are in any answer.
   * </pre>
   */
  public static abstract class ActivityServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return ActivityServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service ActivityService.
   * <pre>
   * What the service does now and did lately, for callers with the role operator.
   * Neither prompts nor outputs are in any answer.
   * </pre>
   */
  public static final class ActivityServiceStub
      extends io.grpc.stub.AbstractAsyncStub<ActivityServiceStub> {
    private ActivityServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ActivityServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ActivityServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Reports the activity of every second. The first answer has the past, every
     * later one the second that ended; a client that reads slowly gets several
     * seconds in one answer. With the scope CLUSTER, each second is reported two
     * seconds later, when all replicas have told theirs. The call ends when its
     * caller ends it, or with UNAVAILABLE and DRAINING when the replica drains.
     * </pre>
     */
    public void watchActivity(dev.steer.admin.v1.WatchActivityRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.WatchActivityResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchActivityMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists calls that ended lately, the latest first. A replica remembers its
     * last 800 generations and 200 other calls. Of many refused calls of one
     * caller with one reason, it remembers ten in ten seconds.
     * </pre>
     */
    public void listRecentCalls(dev.steer.admin.v1.ListRecentCallsRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.ListRecentCallsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListRecentCallsMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service ActivityService.
   * <pre>
   * What the service does now and did lately, for callers with the role operator.
   * Neither prompts nor outputs are in any answer.
   * </pre>
   */
  public static final class ActivityServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<ActivityServiceBlockingV2Stub> {
    private ActivityServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ActivityServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ActivityServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Reports the activity of every second. The first answer has the past, every
     * later one the second that ended; a client that reads slowly gets several
     * seconds in one answer. With the scope CLUSTER, each second is reported two
     * seconds later, when all replicas have told theirs. The call ends when its
     * caller ends it, or with UNAVAILABLE and DRAINING when the replica drains.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.steer.admin.v1.WatchActivityResponse>
        watchActivity(dev.steer.admin.v1.WatchActivityRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchActivityMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists calls that ended lately, the latest first. A replica remembers its
     * last 800 generations and 200 other calls. Of many refused calls of one
     * caller with one reason, it remembers ten in ten seconds.
     * </pre>
     */
    public dev.steer.admin.v1.ListRecentCallsResponse listRecentCalls(dev.steer.admin.v1.ListRecentCallsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListRecentCallsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service ActivityService.
   * <pre>
   * What the service does now and did lately, for callers with the role operator.
   * Neither prompts nor outputs are in any answer.
   * </pre>
   */
  public static final class ActivityServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<ActivityServiceBlockingStub> {
    private ActivityServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ActivityServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ActivityServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Reports the activity of every second. The first answer has the past, every
     * later one the second that ended; a client that reads slowly gets several
     * seconds in one answer. With the scope CLUSTER, each second is reported two
     * seconds later, when all replicas have told theirs. The call ends when its
     * caller ends it, or with UNAVAILABLE and DRAINING when the replica drains.
     * </pre>
     */
    public java.util.Iterator<dev.steer.admin.v1.WatchActivityResponse> watchActivity(
        dev.steer.admin.v1.WatchActivityRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchActivityMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists calls that ended lately, the latest first. A replica remembers its
     * last 800 generations and 200 other calls. Of many refused calls of one
     * caller with one reason, it remembers ten in ten seconds.
     * </pre>
     */
    public dev.steer.admin.v1.ListRecentCallsResponse listRecentCalls(dev.steer.admin.v1.ListRecentCallsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListRecentCallsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service ActivityService.
   * <pre>
   * What the service does now and did lately, for callers with the role operator.
   * Neither prompts nor outputs are in any answer.
   * </pre>
   */
  public static final class ActivityServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<ActivityServiceFutureStub> {
    private ActivityServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ActivityServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ActivityServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists calls that ended lately, the latest first. A replica remembers its
     * last 800 generations and 200 other calls. Of many refused calls of one
     * caller with one reason, it remembers ten in ten seconds.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.ListRecentCallsResponse> listRecentCalls(
        dev.steer.admin.v1.ListRecentCallsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListRecentCallsMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_WATCH_ACTIVITY = 0;
  private static final int METHODID_LIST_RECENT_CALLS = 1;

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
        case METHODID_WATCH_ACTIVITY:
          serviceImpl.watchActivity((dev.steer.admin.v1.WatchActivityRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.WatchActivityResponse>) responseObserver);
          break;
        case METHODID_LIST_RECENT_CALLS:
          serviceImpl.listRecentCalls((dev.steer.admin.v1.ListRecentCallsRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.ListRecentCallsResponse>) responseObserver);
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
          getWatchActivityMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.steer.admin.v1.WatchActivityRequest,
              dev.steer.admin.v1.WatchActivityResponse>(
                service, METHODID_WATCH_ACTIVITY)))
        .addMethod(
          getListRecentCallsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.ListRecentCallsRequest,
              dev.steer.admin.v1.ListRecentCallsResponse>(
                service, METHODID_LIST_RECENT_CALLS)))
        .build();
  }

  private static abstract class ActivityServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    ActivityServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.steer.admin.v1.ActivityServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("ActivityService");
    }
  }

  private static final class ActivityServiceFileDescriptorSupplier
      extends ActivityServiceBaseDescriptorSupplier {
    ActivityServiceFileDescriptorSupplier() {}
  }

  private static final class ActivityServiceMethodDescriptorSupplier
      extends ActivityServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    ActivityServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (ActivityServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new ActivityServiceFileDescriptorSupplier())
              .addMethod(getWatchActivityMethod())
              .addMethod(getListRecentCallsMethod())
              .build();
        }
      }
    }
    return result;
  }
}
