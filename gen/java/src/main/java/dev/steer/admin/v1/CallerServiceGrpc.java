package dev.steer.admin.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Callers, their keys and their groups, for callers with the role operator.
 * Callers and groups of the configuration are listed and cannot be changed.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class CallerServiceGrpc {

  private CallerServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "steer.admin.v1.CallerService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.CreateCallerRequest,
      dev.steer.admin.v1.CreateCallerResponse> getCreateCallerMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateCaller",
      requestType = dev.steer.admin.v1.CreateCallerRequest.class,
      responseType = dev.steer.admin.v1.CreateCallerResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.CreateCallerRequest,
      dev.steer.admin.v1.CreateCallerResponse> getCreateCallerMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.CreateCallerRequest, dev.steer.admin.v1.CreateCallerResponse> getCreateCallerMethod;
    if ((getCreateCallerMethod = CallerServiceGrpc.getCreateCallerMethod) == null) {
      synchronized (CallerServiceGrpc.class) {
        if ((getCreateCallerMethod = CallerServiceGrpc.getCreateCallerMethod) == null) {
          CallerServiceGrpc.getCreateCallerMethod = getCreateCallerMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.CreateCallerRequest, dev.steer.admin.v1.CreateCallerResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateCaller"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.CreateCallerRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.CreateCallerResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CallerServiceMethodDescriptorSupplier("CreateCaller"))
              .build();
        }
      }
    }
    return getCreateCallerMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.GetCallerRequest,
      dev.steer.admin.v1.GetCallerResponse> getGetCallerMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetCaller",
      requestType = dev.steer.admin.v1.GetCallerRequest.class,
      responseType = dev.steer.admin.v1.GetCallerResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.GetCallerRequest,
      dev.steer.admin.v1.GetCallerResponse> getGetCallerMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.GetCallerRequest, dev.steer.admin.v1.GetCallerResponse> getGetCallerMethod;
    if ((getGetCallerMethod = CallerServiceGrpc.getGetCallerMethod) == null) {
      synchronized (CallerServiceGrpc.class) {
        if ((getGetCallerMethod = CallerServiceGrpc.getGetCallerMethod) == null) {
          CallerServiceGrpc.getGetCallerMethod = getGetCallerMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.GetCallerRequest, dev.steer.admin.v1.GetCallerResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetCaller"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.GetCallerRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.GetCallerResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CallerServiceMethodDescriptorSupplier("GetCaller"))
              .build();
        }
      }
    }
    return getGetCallerMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.ListCallersRequest,
      dev.steer.admin.v1.ListCallersResponse> getListCallersMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListCallers",
      requestType = dev.steer.admin.v1.ListCallersRequest.class,
      responseType = dev.steer.admin.v1.ListCallersResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.ListCallersRequest,
      dev.steer.admin.v1.ListCallersResponse> getListCallersMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.ListCallersRequest, dev.steer.admin.v1.ListCallersResponse> getListCallersMethod;
    if ((getListCallersMethod = CallerServiceGrpc.getListCallersMethod) == null) {
      synchronized (CallerServiceGrpc.class) {
        if ((getListCallersMethod = CallerServiceGrpc.getListCallersMethod) == null) {
          CallerServiceGrpc.getListCallersMethod = getListCallersMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.ListCallersRequest, dev.steer.admin.v1.ListCallersResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListCallers"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.ListCallersRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.ListCallersResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CallerServiceMethodDescriptorSupplier("ListCallers"))
              .build();
        }
      }
    }
    return getListCallersMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.UpdateCallerRequest,
      dev.steer.admin.v1.UpdateCallerResponse> getUpdateCallerMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateCaller",
      requestType = dev.steer.admin.v1.UpdateCallerRequest.class,
      responseType = dev.steer.admin.v1.UpdateCallerResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.UpdateCallerRequest,
      dev.steer.admin.v1.UpdateCallerResponse> getUpdateCallerMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.UpdateCallerRequest, dev.steer.admin.v1.UpdateCallerResponse> getUpdateCallerMethod;
    if ((getUpdateCallerMethod = CallerServiceGrpc.getUpdateCallerMethod) == null) {
      synchronized (CallerServiceGrpc.class) {
        if ((getUpdateCallerMethod = CallerServiceGrpc.getUpdateCallerMethod) == null) {
          CallerServiceGrpc.getUpdateCallerMethod = getUpdateCallerMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.UpdateCallerRequest, dev.steer.admin.v1.UpdateCallerResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateCaller"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.UpdateCallerRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.UpdateCallerResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CallerServiceMethodDescriptorSupplier("UpdateCaller"))
              .build();
        }
      }
    }
    return getUpdateCallerMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.DeleteCallerRequest,
      dev.steer.admin.v1.DeleteCallerResponse> getDeleteCallerMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteCaller",
      requestType = dev.steer.admin.v1.DeleteCallerRequest.class,
      responseType = dev.steer.admin.v1.DeleteCallerResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.DeleteCallerRequest,
      dev.steer.admin.v1.DeleteCallerResponse> getDeleteCallerMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.DeleteCallerRequest, dev.steer.admin.v1.DeleteCallerResponse> getDeleteCallerMethod;
    if ((getDeleteCallerMethod = CallerServiceGrpc.getDeleteCallerMethod) == null) {
      synchronized (CallerServiceGrpc.class) {
        if ((getDeleteCallerMethod = CallerServiceGrpc.getDeleteCallerMethod) == null) {
          CallerServiceGrpc.getDeleteCallerMethod = getDeleteCallerMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.DeleteCallerRequest, dev.steer.admin.v1.DeleteCallerResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteCaller"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.DeleteCallerRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.DeleteCallerResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CallerServiceMethodDescriptorSupplier("DeleteCaller"))
              .build();
        }
      }
    }
    return getDeleteCallerMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.CreateKeyRequest,
      dev.steer.admin.v1.CreateKeyResponse> getCreateKeyMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateKey",
      requestType = dev.steer.admin.v1.CreateKeyRequest.class,
      responseType = dev.steer.admin.v1.CreateKeyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.CreateKeyRequest,
      dev.steer.admin.v1.CreateKeyResponse> getCreateKeyMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.CreateKeyRequest, dev.steer.admin.v1.CreateKeyResponse> getCreateKeyMethod;
    if ((getCreateKeyMethod = CallerServiceGrpc.getCreateKeyMethod) == null) {
      synchronized (CallerServiceGrpc.class) {
        if ((getCreateKeyMethod = CallerServiceGrpc.getCreateKeyMethod) == null) {
          CallerServiceGrpc.getCreateKeyMethod = getCreateKeyMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.CreateKeyRequest, dev.steer.admin.v1.CreateKeyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateKey"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.CreateKeyRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.CreateKeyResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CallerServiceMethodDescriptorSupplier("CreateKey"))
              .build();
        }
      }
    }
    return getCreateKeyMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.ListKeysRequest,
      dev.steer.admin.v1.ListKeysResponse> getListKeysMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListKeys",
      requestType = dev.steer.admin.v1.ListKeysRequest.class,
      responseType = dev.steer.admin.v1.ListKeysResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.ListKeysRequest,
      dev.steer.admin.v1.ListKeysResponse> getListKeysMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.ListKeysRequest, dev.steer.admin.v1.ListKeysResponse> getListKeysMethod;
    if ((getListKeysMethod = CallerServiceGrpc.getListKeysMethod) == null) {
      synchronized (CallerServiceGrpc.class) {
        if ((getListKeysMethod = CallerServiceGrpc.getListKeysMethod) == null) {
          CallerServiceGrpc.getListKeysMethod = getListKeysMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.ListKeysRequest, dev.steer.admin.v1.ListKeysResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListKeys"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.ListKeysRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.ListKeysResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CallerServiceMethodDescriptorSupplier("ListKeys"))
              .build();
        }
      }
    }
    return getListKeysMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.RevokeKeyRequest,
      dev.steer.admin.v1.RevokeKeyResponse> getRevokeKeyMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RevokeKey",
      requestType = dev.steer.admin.v1.RevokeKeyRequest.class,
      responseType = dev.steer.admin.v1.RevokeKeyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.RevokeKeyRequest,
      dev.steer.admin.v1.RevokeKeyResponse> getRevokeKeyMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.RevokeKeyRequest, dev.steer.admin.v1.RevokeKeyResponse> getRevokeKeyMethod;
    if ((getRevokeKeyMethod = CallerServiceGrpc.getRevokeKeyMethod) == null) {
      synchronized (CallerServiceGrpc.class) {
        if ((getRevokeKeyMethod = CallerServiceGrpc.getRevokeKeyMethod) == null) {
          CallerServiceGrpc.getRevokeKeyMethod = getRevokeKeyMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.RevokeKeyRequest, dev.steer.admin.v1.RevokeKeyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RevokeKey"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.RevokeKeyRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.RevokeKeyResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CallerServiceMethodDescriptorSupplier("RevokeKey"))
              .build();
        }
      }
    }
    return getRevokeKeyMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.CreateGroupRequest,
      dev.steer.admin.v1.CreateGroupResponse> getCreateGroupMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateGroup",
      requestType = dev.steer.admin.v1.CreateGroupRequest.class,
      responseType = dev.steer.admin.v1.CreateGroupResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.CreateGroupRequest,
      dev.steer.admin.v1.CreateGroupResponse> getCreateGroupMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.CreateGroupRequest, dev.steer.admin.v1.CreateGroupResponse> getCreateGroupMethod;
    if ((getCreateGroupMethod = CallerServiceGrpc.getCreateGroupMethod) == null) {
      synchronized (CallerServiceGrpc.class) {
        if ((getCreateGroupMethod = CallerServiceGrpc.getCreateGroupMethod) == null) {
          CallerServiceGrpc.getCreateGroupMethod = getCreateGroupMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.CreateGroupRequest, dev.steer.admin.v1.CreateGroupResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateGroup"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.CreateGroupRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.CreateGroupResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CallerServiceMethodDescriptorSupplier("CreateGroup"))
              .build();
        }
      }
    }
    return getCreateGroupMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.GetGroupRequest,
      dev.steer.admin.v1.GetGroupResponse> getGetGroupMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetGroup",
      requestType = dev.steer.admin.v1.GetGroupRequest.class,
      responseType = dev.steer.admin.v1.GetGroupResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.GetGroupRequest,
      dev.steer.admin.v1.GetGroupResponse> getGetGroupMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.GetGroupRequest, dev.steer.admin.v1.GetGroupResponse> getGetGroupMethod;
    if ((getGetGroupMethod = CallerServiceGrpc.getGetGroupMethod) == null) {
      synchronized (CallerServiceGrpc.class) {
        if ((getGetGroupMethod = CallerServiceGrpc.getGetGroupMethod) == null) {
          CallerServiceGrpc.getGetGroupMethod = getGetGroupMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.GetGroupRequest, dev.steer.admin.v1.GetGroupResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetGroup"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.GetGroupRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.GetGroupResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CallerServiceMethodDescriptorSupplier("GetGroup"))
              .build();
        }
      }
    }
    return getGetGroupMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.ListGroupsRequest,
      dev.steer.admin.v1.ListGroupsResponse> getListGroupsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListGroups",
      requestType = dev.steer.admin.v1.ListGroupsRequest.class,
      responseType = dev.steer.admin.v1.ListGroupsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.ListGroupsRequest,
      dev.steer.admin.v1.ListGroupsResponse> getListGroupsMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.ListGroupsRequest, dev.steer.admin.v1.ListGroupsResponse> getListGroupsMethod;
    if ((getListGroupsMethod = CallerServiceGrpc.getListGroupsMethod) == null) {
      synchronized (CallerServiceGrpc.class) {
        if ((getListGroupsMethod = CallerServiceGrpc.getListGroupsMethod) == null) {
          CallerServiceGrpc.getListGroupsMethod = getListGroupsMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.ListGroupsRequest, dev.steer.admin.v1.ListGroupsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListGroups"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.ListGroupsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.ListGroupsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CallerServiceMethodDescriptorSupplier("ListGroups"))
              .build();
        }
      }
    }
    return getListGroupsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.UpdateGroupRequest,
      dev.steer.admin.v1.UpdateGroupResponse> getUpdateGroupMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateGroup",
      requestType = dev.steer.admin.v1.UpdateGroupRequest.class,
      responseType = dev.steer.admin.v1.UpdateGroupResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.UpdateGroupRequest,
      dev.steer.admin.v1.UpdateGroupResponse> getUpdateGroupMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.UpdateGroupRequest, dev.steer.admin.v1.UpdateGroupResponse> getUpdateGroupMethod;
    if ((getUpdateGroupMethod = CallerServiceGrpc.getUpdateGroupMethod) == null) {
      synchronized (CallerServiceGrpc.class) {
        if ((getUpdateGroupMethod = CallerServiceGrpc.getUpdateGroupMethod) == null) {
          CallerServiceGrpc.getUpdateGroupMethod = getUpdateGroupMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.UpdateGroupRequest, dev.steer.admin.v1.UpdateGroupResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateGroup"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.UpdateGroupRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.UpdateGroupResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CallerServiceMethodDescriptorSupplier("UpdateGroup"))
              .build();
        }
      }
    }
    return getUpdateGroupMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.steer.admin.v1.DeleteGroupRequest,
      dev.steer.admin.v1.DeleteGroupResponse> getDeleteGroupMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteGroup",
      requestType = dev.steer.admin.v1.DeleteGroupRequest.class,
      responseType = dev.steer.admin.v1.DeleteGroupResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.steer.admin.v1.DeleteGroupRequest,
      dev.steer.admin.v1.DeleteGroupResponse> getDeleteGroupMethod() {
    io.grpc.MethodDescriptor<dev.steer.admin.v1.DeleteGroupRequest, dev.steer.admin.v1.DeleteGroupResponse> getDeleteGroupMethod;
    if ((getDeleteGroupMethod = CallerServiceGrpc.getDeleteGroupMethod) == null) {
      synchronized (CallerServiceGrpc.class) {
        if ((getDeleteGroupMethod = CallerServiceGrpc.getDeleteGroupMethod) == null) {
          CallerServiceGrpc.getDeleteGroupMethod = getDeleteGroupMethod =
              io.grpc.MethodDescriptor.<dev.steer.admin.v1.DeleteGroupRequest, dev.steer.admin.v1.DeleteGroupResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteGroup"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.DeleteGroupRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.steer.admin.v1.DeleteGroupResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CallerServiceMethodDescriptorSupplier("DeleteGroup"))
              .build();
        }
      }
    }
    return getDeleteGroupMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static CallerServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CallerServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CallerServiceStub>() {
        @java.lang.Override
        public CallerServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CallerServiceStub(channel, callOptions);
        }
      };
    return CallerServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static CallerServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CallerServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CallerServiceBlockingV2Stub>() {
        @java.lang.Override
        public CallerServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CallerServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return CallerServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static CallerServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CallerServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CallerServiceBlockingStub>() {
        @java.lang.Override
        public CallerServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CallerServiceBlockingStub(channel, callOptions);
        }
      };
    return CallerServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static CallerServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CallerServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CallerServiceFutureStub>() {
        @java.lang.Override
        public CallerServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CallerServiceFutureStub(channel, callOptions);
        }
      };
    return CallerServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Callers, their keys and their groups, for callers with the role operator.
   * Callers and groups of the configuration are listed and cannot be changed.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Makes a caller. The caller has no key yet.
     * </pre>
     */
    default void createCaller(dev.steer.admin.v1.CreateCallerRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.CreateCallerResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateCallerMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns one caller.
     * </pre>
     */
    default void getCaller(dev.steer.admin.v1.GetCallerRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.GetCallerResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetCallerMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists callers by identifier.
     * </pre>
     */
    default void listCallers(dev.steer.admin.v1.ListCallersRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.ListCallersResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListCallersMethod(), responseObserver);
    }

    /**
     * <pre>
     * Changes the fields of a caller that the mask names.
     * </pre>
     */
    default void updateCaller(dev.steer.admin.v1.UpdateCallerRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.UpdateCallerResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateCallerMethod(), responseObserver);
    }

    /**
     * <pre>
     * Deletes a caller with its keys, and ends its calls and streams.
     * </pre>
     */
    default void deleteCaller(dev.steer.admin.v1.DeleteCallerRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.DeleteCallerResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteCallerMethod(), responseObserver);
    }

    /**
     * <pre>
     * Makes a key of a caller. The answer is the only place where the key stands.
     * </pre>
     */
    default void createKey(dev.steer.admin.v1.CreateKeyRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.CreateKeyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateKeyMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the keys of a caller, the oldest first.
     * </pre>
     */
    default void listKeys(dev.steer.admin.v1.ListKeysRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.ListKeysResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListKeysMethod(), responseObserver);
    }

    /**
     * <pre>
     * Deletes a key, and ends the calls that were made with that key. After the
     * last key of a caller, all calls and streams of the caller end.
     * </pre>
     */
    default void revokeKey(dev.steer.admin.v1.RevokeKeyRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.RevokeKeyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRevokeKeyMethod(), responseObserver);
    }

    /**
     * <pre>
     * Makes a group.
     * </pre>
     */
    default void createGroup(dev.steer.admin.v1.CreateGroupRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.CreateGroupResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateGroupMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns one group.
     * </pre>
     */
    default void getGroup(dev.steer.admin.v1.GetGroupRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.GetGroupResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetGroupMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists groups by identifier.
     * </pre>
     */
    default void listGroups(dev.steer.admin.v1.ListGroupsRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.ListGroupsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListGroupsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Changes the fields of a group that the mask names.
     * </pre>
     */
    default void updateGroup(dev.steer.admin.v1.UpdateGroupRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.UpdateGroupResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateGroupMethod(), responseObserver);
    }

    /**
     * <pre>
     * Deletes a group without callers.
     * </pre>
     */
    default void deleteGroup(dev.steer.admin.v1.DeleteGroupRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.DeleteGroupResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteGroupMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service CallerService.
   * <pre>
   * Callers, their keys and their groups, for callers with the role operator.
   * Callers and groups of the configuration are listed and cannot be changed.
   * </pre>
   */
  public static abstract class CallerServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return CallerServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service CallerService.
   * <pre>
   * Callers, their keys and their groups, for callers with the role operator.
   * Callers and groups of the configuration are listed and cannot be changed.
   * </pre>
   */
  public static final class CallerServiceStub
      extends io.grpc.stub.AbstractAsyncStub<CallerServiceStub> {
    private CallerServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CallerServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CallerServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Makes a caller. The caller has no key yet.
     * </pre>
     */
    public void createCaller(dev.steer.admin.v1.CreateCallerRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.CreateCallerResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateCallerMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns one caller.
     * </pre>
     */
    public void getCaller(dev.steer.admin.v1.GetCallerRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.GetCallerResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetCallerMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists callers by identifier.
     * </pre>
     */
    public void listCallers(dev.steer.admin.v1.ListCallersRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.ListCallersResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListCallersMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Changes the fields of a caller that the mask names.
     * </pre>
     */
    public void updateCaller(dev.steer.admin.v1.UpdateCallerRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.UpdateCallerResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateCallerMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Deletes a caller with its keys, and ends its calls and streams.
     * </pre>
     */
    public void deleteCaller(dev.steer.admin.v1.DeleteCallerRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.DeleteCallerResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteCallerMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Makes a key of a caller. The answer is the only place where the key stands.
     * </pre>
     */
    public void createKey(dev.steer.admin.v1.CreateKeyRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.CreateKeyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateKeyMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the keys of a caller, the oldest first.
     * </pre>
     */
    public void listKeys(dev.steer.admin.v1.ListKeysRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.ListKeysResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListKeysMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Deletes a key, and ends the calls that were made with that key. After the
     * last key of a caller, all calls and streams of the caller end.
     * </pre>
     */
    public void revokeKey(dev.steer.admin.v1.RevokeKeyRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.RevokeKeyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRevokeKeyMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Makes a group.
     * </pre>
     */
    public void createGroup(dev.steer.admin.v1.CreateGroupRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.CreateGroupResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateGroupMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns one group.
     * </pre>
     */
    public void getGroup(dev.steer.admin.v1.GetGroupRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.GetGroupResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetGroupMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists groups by identifier.
     * </pre>
     */
    public void listGroups(dev.steer.admin.v1.ListGroupsRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.ListGroupsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListGroupsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Changes the fields of a group that the mask names.
     * </pre>
     */
    public void updateGroup(dev.steer.admin.v1.UpdateGroupRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.UpdateGroupResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateGroupMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Deletes a group without callers.
     * </pre>
     */
    public void deleteGroup(dev.steer.admin.v1.DeleteGroupRequest request,
        io.grpc.stub.StreamObserver<dev.steer.admin.v1.DeleteGroupResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteGroupMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service CallerService.
   * <pre>
   * Callers, their keys and their groups, for callers with the role operator.
   * Callers and groups of the configuration are listed and cannot be changed.
   * </pre>
   */
  public static final class CallerServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<CallerServiceBlockingV2Stub> {
    private CallerServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CallerServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CallerServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Makes a caller. The caller has no key yet.
     * </pre>
     */
    public dev.steer.admin.v1.CreateCallerResponse createCaller(dev.steer.admin.v1.CreateCallerRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateCallerMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns one caller.
     * </pre>
     */
    public dev.steer.admin.v1.GetCallerResponse getCaller(dev.steer.admin.v1.GetCallerRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetCallerMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists callers by identifier.
     * </pre>
     */
    public dev.steer.admin.v1.ListCallersResponse listCallers(dev.steer.admin.v1.ListCallersRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListCallersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes the fields of a caller that the mask names.
     * </pre>
     */
    public dev.steer.admin.v1.UpdateCallerResponse updateCaller(dev.steer.admin.v1.UpdateCallerRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateCallerMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a caller with its keys, and ends its calls and streams.
     * </pre>
     */
    public dev.steer.admin.v1.DeleteCallerResponse deleteCaller(dev.steer.admin.v1.DeleteCallerRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteCallerMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Makes a key of a caller. The answer is the only place where the key stands.
     * </pre>
     */
    public dev.steer.admin.v1.CreateKeyResponse createKey(dev.steer.admin.v1.CreateKeyRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the keys of a caller, the oldest first.
     * </pre>
     */
    public dev.steer.admin.v1.ListKeysResponse listKeys(dev.steer.admin.v1.ListKeysRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListKeysMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a key, and ends the calls that were made with that key. After the
     * last key of a caller, all calls and streams of the caller end.
     * </pre>
     */
    public dev.steer.admin.v1.RevokeKeyResponse revokeKey(dev.steer.admin.v1.RevokeKeyRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRevokeKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Makes a group.
     * </pre>
     */
    public dev.steer.admin.v1.CreateGroupResponse createGroup(dev.steer.admin.v1.CreateGroupRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateGroupMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns one group.
     * </pre>
     */
    public dev.steer.admin.v1.GetGroupResponse getGroup(dev.steer.admin.v1.GetGroupRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetGroupMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists groups by identifier.
     * </pre>
     */
    public dev.steer.admin.v1.ListGroupsResponse listGroups(dev.steer.admin.v1.ListGroupsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListGroupsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes the fields of a group that the mask names.
     * </pre>
     */
    public dev.steer.admin.v1.UpdateGroupResponse updateGroup(dev.steer.admin.v1.UpdateGroupRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateGroupMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a group without callers.
     * </pre>
     */
    public dev.steer.admin.v1.DeleteGroupResponse deleteGroup(dev.steer.admin.v1.DeleteGroupRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteGroupMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service CallerService.
   * <pre>
   * Callers, their keys and their groups, for callers with the role operator.
   * Callers and groups of the configuration are listed and cannot be changed.
   * </pre>
   */
  public static final class CallerServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<CallerServiceBlockingStub> {
    private CallerServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CallerServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CallerServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Makes a caller. The caller has no key yet.
     * </pre>
     */
    public dev.steer.admin.v1.CreateCallerResponse createCaller(dev.steer.admin.v1.CreateCallerRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateCallerMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns one caller.
     * </pre>
     */
    public dev.steer.admin.v1.GetCallerResponse getCaller(dev.steer.admin.v1.GetCallerRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetCallerMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists callers by identifier.
     * </pre>
     */
    public dev.steer.admin.v1.ListCallersResponse listCallers(dev.steer.admin.v1.ListCallersRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListCallersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes the fields of a caller that the mask names.
     * </pre>
     */
    public dev.steer.admin.v1.UpdateCallerResponse updateCaller(dev.steer.admin.v1.UpdateCallerRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateCallerMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a caller with its keys, and ends its calls and streams.
     * </pre>
     */
    public dev.steer.admin.v1.DeleteCallerResponse deleteCaller(dev.steer.admin.v1.DeleteCallerRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteCallerMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Makes a key of a caller. The answer is the only place where the key stands.
     * </pre>
     */
    public dev.steer.admin.v1.CreateKeyResponse createKey(dev.steer.admin.v1.CreateKeyRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the keys of a caller, the oldest first.
     * </pre>
     */
    public dev.steer.admin.v1.ListKeysResponse listKeys(dev.steer.admin.v1.ListKeysRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListKeysMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a key, and ends the calls that were made with that key. After the
     * last key of a caller, all calls and streams of the caller end.
     * </pre>
     */
    public dev.steer.admin.v1.RevokeKeyResponse revokeKey(dev.steer.admin.v1.RevokeKeyRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRevokeKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Makes a group.
     * </pre>
     */
    public dev.steer.admin.v1.CreateGroupResponse createGroup(dev.steer.admin.v1.CreateGroupRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateGroupMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns one group.
     * </pre>
     */
    public dev.steer.admin.v1.GetGroupResponse getGroup(dev.steer.admin.v1.GetGroupRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetGroupMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists groups by identifier.
     * </pre>
     */
    public dev.steer.admin.v1.ListGroupsResponse listGroups(dev.steer.admin.v1.ListGroupsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListGroupsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes the fields of a group that the mask names.
     * </pre>
     */
    public dev.steer.admin.v1.UpdateGroupResponse updateGroup(dev.steer.admin.v1.UpdateGroupRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateGroupMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a group without callers.
     * </pre>
     */
    public dev.steer.admin.v1.DeleteGroupResponse deleteGroup(dev.steer.admin.v1.DeleteGroupRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteGroupMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service CallerService.
   * <pre>
   * Callers, their keys and their groups, for callers with the role operator.
   * Callers and groups of the configuration are listed and cannot be changed.
   * </pre>
   */
  public static final class CallerServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<CallerServiceFutureStub> {
    private CallerServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CallerServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CallerServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Makes a caller. The caller has no key yet.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.CreateCallerResponse> createCaller(
        dev.steer.admin.v1.CreateCallerRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateCallerMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns one caller.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.GetCallerResponse> getCaller(
        dev.steer.admin.v1.GetCallerRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetCallerMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists callers by identifier.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.ListCallersResponse> listCallers(
        dev.steer.admin.v1.ListCallersRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListCallersMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Changes the fields of a caller that the mask names.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.UpdateCallerResponse> updateCaller(
        dev.steer.admin.v1.UpdateCallerRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateCallerMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Deletes a caller with its keys, and ends its calls and streams.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.DeleteCallerResponse> deleteCaller(
        dev.steer.admin.v1.DeleteCallerRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteCallerMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Makes a key of a caller. The answer is the only place where the key stands.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.CreateKeyResponse> createKey(
        dev.steer.admin.v1.CreateKeyRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateKeyMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the keys of a caller, the oldest first.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.ListKeysResponse> listKeys(
        dev.steer.admin.v1.ListKeysRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListKeysMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Deletes a key, and ends the calls that were made with that key. After the
     * last key of a caller, all calls and streams of the caller end.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.RevokeKeyResponse> revokeKey(
        dev.steer.admin.v1.RevokeKeyRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRevokeKeyMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Makes a group.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.CreateGroupResponse> createGroup(
        dev.steer.admin.v1.CreateGroupRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateGroupMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns one group.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.GetGroupResponse> getGroup(
        dev.steer.admin.v1.GetGroupRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetGroupMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists groups by identifier.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.ListGroupsResponse> listGroups(
        dev.steer.admin.v1.ListGroupsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListGroupsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Changes the fields of a group that the mask names.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.UpdateGroupResponse> updateGroup(
        dev.steer.admin.v1.UpdateGroupRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateGroupMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Deletes a group without callers.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.steer.admin.v1.DeleteGroupResponse> deleteGroup(
        dev.steer.admin.v1.DeleteGroupRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteGroupMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_CREATE_CALLER = 0;
  private static final int METHODID_GET_CALLER = 1;
  private static final int METHODID_LIST_CALLERS = 2;
  private static final int METHODID_UPDATE_CALLER = 3;
  private static final int METHODID_DELETE_CALLER = 4;
  private static final int METHODID_CREATE_KEY = 5;
  private static final int METHODID_LIST_KEYS = 6;
  private static final int METHODID_REVOKE_KEY = 7;
  private static final int METHODID_CREATE_GROUP = 8;
  private static final int METHODID_GET_GROUP = 9;
  private static final int METHODID_LIST_GROUPS = 10;
  private static final int METHODID_UPDATE_GROUP = 11;
  private static final int METHODID_DELETE_GROUP = 12;

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
        case METHODID_CREATE_CALLER:
          serviceImpl.createCaller((dev.steer.admin.v1.CreateCallerRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.CreateCallerResponse>) responseObserver);
          break;
        case METHODID_GET_CALLER:
          serviceImpl.getCaller((dev.steer.admin.v1.GetCallerRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.GetCallerResponse>) responseObserver);
          break;
        case METHODID_LIST_CALLERS:
          serviceImpl.listCallers((dev.steer.admin.v1.ListCallersRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.ListCallersResponse>) responseObserver);
          break;
        case METHODID_UPDATE_CALLER:
          serviceImpl.updateCaller((dev.steer.admin.v1.UpdateCallerRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.UpdateCallerResponse>) responseObserver);
          break;
        case METHODID_DELETE_CALLER:
          serviceImpl.deleteCaller((dev.steer.admin.v1.DeleteCallerRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.DeleteCallerResponse>) responseObserver);
          break;
        case METHODID_CREATE_KEY:
          serviceImpl.createKey((dev.steer.admin.v1.CreateKeyRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.CreateKeyResponse>) responseObserver);
          break;
        case METHODID_LIST_KEYS:
          serviceImpl.listKeys((dev.steer.admin.v1.ListKeysRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.ListKeysResponse>) responseObserver);
          break;
        case METHODID_REVOKE_KEY:
          serviceImpl.revokeKey((dev.steer.admin.v1.RevokeKeyRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.RevokeKeyResponse>) responseObserver);
          break;
        case METHODID_CREATE_GROUP:
          serviceImpl.createGroup((dev.steer.admin.v1.CreateGroupRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.CreateGroupResponse>) responseObserver);
          break;
        case METHODID_GET_GROUP:
          serviceImpl.getGroup((dev.steer.admin.v1.GetGroupRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.GetGroupResponse>) responseObserver);
          break;
        case METHODID_LIST_GROUPS:
          serviceImpl.listGroups((dev.steer.admin.v1.ListGroupsRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.ListGroupsResponse>) responseObserver);
          break;
        case METHODID_UPDATE_GROUP:
          serviceImpl.updateGroup((dev.steer.admin.v1.UpdateGroupRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.UpdateGroupResponse>) responseObserver);
          break;
        case METHODID_DELETE_GROUP:
          serviceImpl.deleteGroup((dev.steer.admin.v1.DeleteGroupRequest) request,
              (io.grpc.stub.StreamObserver<dev.steer.admin.v1.DeleteGroupResponse>) responseObserver);
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
          getCreateCallerMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.CreateCallerRequest,
              dev.steer.admin.v1.CreateCallerResponse>(
                service, METHODID_CREATE_CALLER)))
        .addMethod(
          getGetCallerMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.GetCallerRequest,
              dev.steer.admin.v1.GetCallerResponse>(
                service, METHODID_GET_CALLER)))
        .addMethod(
          getListCallersMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.ListCallersRequest,
              dev.steer.admin.v1.ListCallersResponse>(
                service, METHODID_LIST_CALLERS)))
        .addMethod(
          getUpdateCallerMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.UpdateCallerRequest,
              dev.steer.admin.v1.UpdateCallerResponse>(
                service, METHODID_UPDATE_CALLER)))
        .addMethod(
          getDeleteCallerMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.DeleteCallerRequest,
              dev.steer.admin.v1.DeleteCallerResponse>(
                service, METHODID_DELETE_CALLER)))
        .addMethod(
          getCreateKeyMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.CreateKeyRequest,
              dev.steer.admin.v1.CreateKeyResponse>(
                service, METHODID_CREATE_KEY)))
        .addMethod(
          getListKeysMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.ListKeysRequest,
              dev.steer.admin.v1.ListKeysResponse>(
                service, METHODID_LIST_KEYS)))
        .addMethod(
          getRevokeKeyMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.RevokeKeyRequest,
              dev.steer.admin.v1.RevokeKeyResponse>(
                service, METHODID_REVOKE_KEY)))
        .addMethod(
          getCreateGroupMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.CreateGroupRequest,
              dev.steer.admin.v1.CreateGroupResponse>(
                service, METHODID_CREATE_GROUP)))
        .addMethod(
          getGetGroupMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.GetGroupRequest,
              dev.steer.admin.v1.GetGroupResponse>(
                service, METHODID_GET_GROUP)))
        .addMethod(
          getListGroupsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.ListGroupsRequest,
              dev.steer.admin.v1.ListGroupsResponse>(
                service, METHODID_LIST_GROUPS)))
        .addMethod(
          getUpdateGroupMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.UpdateGroupRequest,
              dev.steer.admin.v1.UpdateGroupResponse>(
                service, METHODID_UPDATE_GROUP)))
        .addMethod(
          getDeleteGroupMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.steer.admin.v1.DeleteGroupRequest,
              dev.steer.admin.v1.DeleteGroupResponse>(
                service, METHODID_DELETE_GROUP)))
        .build();
  }

  private static abstract class CallerServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    CallerServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.steer.admin.v1.CallersProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("CallerService");
    }
  }

  private static final class CallerServiceFileDescriptorSupplier
      extends CallerServiceBaseDescriptorSupplier {
    CallerServiceFileDescriptorSupplier() {}
  }

  private static final class CallerServiceMethodDescriptorSupplier
      extends CallerServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    CallerServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (CallerServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new CallerServiceFileDescriptorSupplier())
              .addMethod(getCreateCallerMethod())
              .addMethod(getGetCallerMethod())
              .addMethod(getListCallersMethod())
              .addMethod(getUpdateCallerMethod())
              .addMethod(getDeleteCallerMethod())
              .addMethod(getCreateKeyMethod())
              .addMethod(getListKeysMethod())
              .addMethod(getRevokeKeyMethod())
              .addMethod(getCreateGroupMethod())
              .addMethod(getGetGroupMethod())
              .addMethod(getListGroupsMethod())
              .addMethod(getUpdateGroupMethod())
              .addMethod(getDeleteGroupMethod())
              .build();
        }
      }
    }
    return result;
  }
}
