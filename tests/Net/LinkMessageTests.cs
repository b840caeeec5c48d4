using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tests;

public sealed class LinkMessageTests
{
    private static readonly FrameBatchPool _batches = FrameBatchPool.Create(1);

    [Fact]
    public void AnEventOfTheDeviceComesOutAsItWentIn()
    {
        NetworkDeviceInformation device = new()
        {
            Name = "card",
            HardwareAddress = new(0x0200_0000_0001),
            MaximumTransmissionUnit = 1500,
            TransmitFrames = FramePool.Create(new FramePoolOptions { FrameCount = 1 }),
            Batches = _batches,
        };
        AssertSame(NetworkDeviceEvent.Started(device, isLinkUp: true));
        AssertSame(NetworkDeviceEvent.Started(device, isLinkUp: false));
        AssertSame(NetworkDeviceEvent.LinkChanged(isLinkUp: true));
        AssertSame(NetworkDeviceEvent.LinkChanged(isLinkUp: false));
        AssertSame(NetworkDeviceEvent.Stopped());
        AssertSame(default);
    }

    [Fact]
    public void FramesOfTheDeviceAreItsEvents()
    {
        Assert.True(_batches.TryRent(out FrameBatch frames));
        LinkMessage message = LinkMessage.FromDevice(NetworkDeviceEvent.Received(frames));
        Assert.True(message.Frames.IsNone);
        Assert.Equal(0, message.DeviceEvent.Frames.Count);
        message.Dispose();
        Assert.Equal(0, _batches.RentedCount);
    }

    [Fact]
    public void WhatOneKindCarriesNoOtherHas()
    {
        Observer observer = new();
        LinkMessage observes = LinkMessage.Observe(observer);
        Assert.Same(observer, observes.Observer);
        Assert.Null(observes.Layer);
        Assert.False(observes.IsFree.IsAwaited);
        LinkMessage probes = LinkMessage.Probe(Ipv4Address.From(10, 0, 0, 1), default);
        Assert.Null(probes.Observer);
        Assert.Equal(Ipv4Address.From(10, 0, 0, 1), probes.Address);
    }

    private static void AssertSame(NetworkDeviceEvent sent)
    {
        NetworkDeviceEvent got = LinkMessage.FromDevice(sent).DeviceEvent;
        Assert.Equal((sent.Kind, sent.IsLinkUp), (got.Kind, got.IsLinkUp));
        Assert.Same(sent.Information, got.Information);
    }

    private sealed class Observer : AddressConflictObserver
    {
        public override void Conflict(Ipv4Address address)
        {
        }
    }
}
