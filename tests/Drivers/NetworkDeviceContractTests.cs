using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Tests;

/// <summary>A driver that breaks the contract with its client is caught in debug builds, and named.</summary>
public sealed class NetworkDeviceContractTests
{
    private static readonly NetworkDeviceInformation _information = new()
    {
        Name = "planted",
        HardwareAddress = new(1),
        MaximumTransmissionUnit = 1500,
        TransmitFrames = FramePool.Create(new FramePoolOptions { FrameCount = 4 }),
        Batches = FrameBatchPool.Create(4),
    };

#if DEBUG
    [Fact]
    public async Task ADriverThatDeliversFramesBeforeItsStartIsNamed()
    {
        var failed = new TaskCompletionSource<ActorFailure>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var system = new ActorSystem(new ActorSystemOptions { Host = new ThreadWorkerHost(1), OnFailure = failure => failed.TrySetResult(failure) });
        ActorRef<NetworkDeviceMessage> driver = system.Spawn(new HastyDriver(), "hasty");
        driver.Tell(NetworkDeviceMessage.Attach(new RecordingClient()));
        ActorFailure failure = await failed.Task.WaitAsync(TimeSpan.FromSeconds(30));
        ContractViolationException violation = Assert.IsType<ContractViolationException>(failure.Exception);
        Assert.Equal(("network device", "device", "Received", "Attached"), (violation.Contract, violation.Party, violation.SentMessage, violation.State));
        Assert.Contains("in a turn of /hasty", violation.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ADriverThatDeliversToNobodyAttachedIsNamed()
    {
        var client = new RecordingClient();
        ContractViolationException violation = Assert.Throws<ContractViolationException>(() => client.TryDeliver(NetworkDeviceEvent.Started(_information, isLinkUp: true)));
        Assert.Equal(("device", "Started", "Detached"), (violation.Party, violation.SentMessage, violation.State));
    }
#endif

    [Fact]
    public void NoFrameComesBeforeTheNewsOfTheStart()
    {
        var net = StartUntold();
        net.Device.TryReceive(NetFixture.Frame(1));
        net.Run();
        Assert.Empty(net.Client.Frames);
        Assert.Equal(1, net.Driver.ReadStatistics().ReceiveDroppedClientBusy);
        net.Driver.CatchUp();
        net.Device.TryReceive(NetFixture.Frame(2));
        net.Run();
        Assert.Equal([NetworkDeviceEventKind.Started], net.Client.Events);
        Assert.Single(net.Client.Frames);
    }

    [Fact]
    public void AClientThatMissedTheStartIsToldItWhenTheLinkChanges()
    {
        var net = StartUntold();
        net.Device.Configuration[6] = 0;
        net.Device.ChangeConfiguration();
        net.Run();
        Assert.Equal([NetworkDeviceEventKind.Started], net.Client.Events);
        Assert.False(net.Client.IsLinkUp);
    }

    /// <summary>A device that runs; its client had no room for the news of that, and has room now.</summary>
    private static NetFixture StartUntold()
    {
        var net = new NetFixture();
        net.Client.Refuses = true;
        net.Start();
        net.Client.Refuses = false;
        return net;
    }

    private sealed class HastyDriver : Actor<NetworkDeviceMessage>
    {
        protected override ValueTask ReceiveAsync(NetworkDeviceMessage message)
        {
            if (message.Kind != NetworkDeviceMessageKind.Attach)
                return default;
            NetworkDeviceContract.Instance.Observe(message.Client!, NetworkDeviceStep.Attach);
            _information.Batches.TryRent(out FrameBatch frames);
            message.Client!.TryDeliver(NetworkDeviceEvent.Received(frames));
            message.Client.TryDeliver(NetworkDeviceEvent.Started(_information, isLinkUp: true));
            return default;
        }
    }
}
