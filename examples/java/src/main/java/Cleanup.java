import com.google.protobuf.Duration;
import dev.steer.admin.v1.AdminServiceGrpc;
import dev.steer.admin.v1.CleanupStreamStatesRequest;
import dev.steer.client.SteerClient;

/** For operators: what a cleanup of old streams would delete. */
public final class Cleanup {
  public static void main(String[] arguments) {
    // Streams that ended an hour ago or more. Without `dryRun` they are deleted.
    var request =
        CleanupStreamStatesRequest.newBuilder()
            .setOlderThan(Duration.newBuilder().setSeconds(3_600))
            .setDryRun(true)
            .build();
    // The key must be an operator's. Every stub works over the helper's channel.
    try (SteerClient steer = Service.connect()) {
      var admin = AdminServiceGrpc.newBlockingStub(steer.channel());
      var found = admin.cleanupStreamStates(request);
      System.out.printf(
          "would delete %d streams, %d bytes%n", found.getMatchedCount(), found.getFreedBytes());
    }
  }
}
