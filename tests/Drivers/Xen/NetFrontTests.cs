using Troupe.Drivers.Contracts;
using Troupe.Drivers.Xen;

namespace Troupe.Drivers.Tests.Xen;

/// <summary>The guest's half of a Xen network card against a made-up other half.</summary>
public sealed class NetFrontTests
{
    private static readonly byte[] _frame = [.. Enumerable.Range(0, 60).Select(value => (byte)value)];

    private readonly NetFrontFixture _net = new();
    private readonly FakeFrontend _frontend;
    private readonly RecordingClient _client;
    private readonly FakeBackend _backend;
    private readonly NetFrontDevice _device;

    public NetFrontTests() => (_frontend, _client, _backend, _device) = (_net.Frontend, _net.Client, _net.Backend, _net.Device);

    [Fact]
    public void AFrameIsDeliveredFromWhereTheOtherHalfPutIt()
    {
        _net.Start();
        Assert.True(_backend.TryDeliver(_frame, offset: 64));
        Assert.True(_backend.TryDeliver(_frame, flags: 3));
        _net.Run();
        Assert.Equal([_frame, _frame], _client.Frames);
        Assert.Equal([FrameOffloadFlags.None, FrameOffloadFlags.ChecksumVerified], _client.Offloads);
    }

    [Fact]
    public void ManyMoreFramesThanTheRingHoldsArrive()
    {
        _net.Start();
        for (var round = 0; round < 50; round++)
        {
            for (var count = 0; count < 40; count++)
            {
                Assert.True(_backend.TryDeliver(_frame));
            }

            _net.Run();
        }

        Assert.Equal(2000, _client.Count);
        Assert.Equal(256, _device.ReceiveFrames.RentedCount);
    }

    [Fact]
    public void FramesAreSentFromTheirOwnPagesAndComeBack()
    {
        _net.Start();
        _net.Send(_frame, FrameOffloadFlags.None);
        _net.Send(_frame, FrameOffloadFlags.NeedsChecksum);
        _backend.TakeSent();
        _net.Run();
        Assert.Equal([(ushort)0, (ushort)3], _backend.Sent.Select(sent => sent.Flags));
        Assert.All(_backend.Sent, sent => Assert.Equal(_frame, sent.Frame));
        Assert.Equal(0, _device.TransmitFrames.RentedCount);
        Assert.Equal(2, _device.ReadStatistics().TransmittedFrames);
    }

    [Fact]
    public void AFrameThatIsTooLongIsDroppedAndCounted()
    {
        _net.Start();
        _net.Send(new byte[1519], FrameOffloadFlags.None);
        _net.Send(new byte[13], FrameOffloadFlags.None);
        Assert.Equal(2, _device.ReadStatistics().TransmitDroppedInvalid);
        Assert.Equal(0, _device.TransmitFrames.RentedCount);
    }

    [Theory]
    [InlineData(256, 0, 0, 60)] // no such buffer
    [InlineData(0, 4090, 0, 60)] // beyond the page
    [InlineData(1, 0, 0, 60)] // the next slot's
    public void ALieIsAViolation(int id, int offset, int flags, int status)
    {
        _net.Start();
        _backend.Respond((ushort)id, (ushort)offset, (ushort)flags, (short)status);
        Assert.Throws<XenViolationException>(() => _device.Service());
        Assert.Empty(_client.Frames);
    }

    [Fact]
    public void TheSameBufferTwiceIsAViolation()
    {
        _net.Start();
        _backend.Respond(5, 0, 0, 60);
        _backend.Respond(5, 0, 0, 60);
        Assert.Throws<XenViolationException>(() => _device.Service());
    }

    [Theory]
    [InlineData(257u)]
    [InlineData(0xFFFF_FFFFu)]
    public void MoreFramesThanBuffersAreAViolation(uint producer)
    {
        _net.Start();
        _backend.Claim(producer);
        Assert.Throws<XenViolationException>(() => _device.Service());
    }

    [Fact]
    public void AnErrorOfTheOtherHalfCostsOneFrame()
    {
        _net.Start();
        _backend.Respond(0, 0, 0, -1);
        _net.Run();
        Assert.Equal(1, _device.ReadStatistics().ReceiveDroppedMalformed);
        Assert.Equal(256, _device.ReceiveFrames.RentedCount);
    }

    [Fact]
    public void StoppingTakesAllGrantsAndFramesBack()
    {
        _net.Start();
        _net.Send(_frame, FrameOffloadFlags.None);
        _device.Stop();
        Assert.Equal(0, _frontend.GrantCount);
        Assert.Equal(0, _device.ReceiveFrames.RentedCount + _device.TransmitFrames.RentedCount);
        Assert.Equal(1, _device.ReadStatistics().TransmitLostInReset);
        Assert.Equal([NetworkDeviceEventKind.Started, NetworkDeviceEventKind.Stopped], _client.Events);
    }

    [Fact]
    public void FramesThatAreStillMappedStayAwayUntilTheyAreNot()
    {
        _net.Start();
        _net.Send(_frame, FrameOffloadFlags.None);
        _frontend.IsMapped = true;
        _device.Stop();
        Assert.Equal(1, _device.TransmitFrames.RentedCount);
        Assert.False(_net.TryPrepare());
        _frontend.IsMapped = false;
        _net.Start();
        Assert.Equal(0, _device.TransmitFrames.RentedCount);
    }

    [Fact]
    public async Task TheDriverConnectsAndConnectsAgainAfterALie()
    {
        await using NetFrontDriverFixture net = new();
        await net.AttachAsync();
        await net.ConnectedAsync();
        Assert.Equal("7", net.Node("event-channel"));
        Assert.Equal("1", net.Node("request-rx-copy"));
        Assert.All((string[])["sg", "gso-tcpv4", "gso-tcpv6", "ipv6-csum-offload"], feature => Assert.Equal("1", net.Node($"feature-{feature}")));
        Assert.Equal("0", net.Node("feature-no-csum-offload"));
        Assert.Equal(NetFrontFixture.Address, net.Client.Information!.HardwareAddress);
        Assert.Equal(NetFrontFixture.All, net.Client.Information.TransmitOffload);

        net.Queues[0].Claim(9999);
        var statistics = await net.ConnectedAsync(times: 2);
        Assert.Equal((1, 1), (statistics.DeviceViolations, statistics.Resets));
        Assert.Equal([NetworkDeviceEventKind.Started, NetworkDeviceEventKind.Stopped, NetworkDeviceEventKind.Started], net.Client.Events);
        await net.EndAndFindNothingLostAsync();
    }
}
