using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;

namespace Troupe.Net.Middleware;

/// <summary>How a kind of message carries frames: which are in it, and the same message with others.</summary>
public abstract class FrameCarrier<TMessage>
{
    /// <summary>The frames in a message; none if it is of another kind.</summary>
    public abstract FrameBatch FramesOf(TMessage message);

    /// <summary>The message with other frames; those it had are no longer its.</summary>
    public abstract TMessage WithFrames(TMessage message, FrameBatch frames);
}

/// <summary>The carriers of the messages between layers.</summary>
public static class FrameCarriers
{
    /// <summary>Frames to a device.</summary>
    public static FrameCarrier<NetworkDeviceMessage> Device { get; } = new DeviceCarrier();

    /// <summary>Frames to Ethernet, from a device or from above.</summary>
    public static FrameCarrier<LinkMessage> Link { get; } = new LinkCarrier();

    /// <summary>Packets to an internet layer, from Ethernet or from above.</summary>
    public static FrameCarrier<IpMessage> Internet { get; } = new InternetCarrier();

    /// <summary>Packets to TCP.</summary>
    public static FrameCarrier<TcpMessage> Tcp { get; } = new TcpCarrier();

    /// <summary>Packets to UDP.</summary>
    public static FrameCarrier<UdpMessage> Udp { get; } = new UdpCarrier();

    private sealed class DeviceCarrier : FrameCarrier<NetworkDeviceMessage>
    {
        public override FrameBatch FramesOf(NetworkDeviceMessage message) =>
            message.Kind == NetworkDeviceMessageKind.Transmit ? message.Frames : default;

        public override NetworkDeviceMessage WithFrames(NetworkDeviceMessage message, FrameBatch frames) => NetworkDeviceMessage.Transmit(frames);
    }

    private sealed class LinkCarrier : FrameCarrier<LinkMessage>
    {
        public override FrameBatch FramesOf(LinkMessage message) => message.Kind switch
        {
            LinkMessageKind.Transmit or LinkMessageKind.TransmitTo => message.Frames,
            LinkMessageKind.Device when message.DeviceEvent.Kind == NetworkDeviceEventKind.Received => message.DeviceEvent.Frames,
            _ => default,
        };

        public override LinkMessage WithFrames(LinkMessage message, FrameBatch frames) => message.Kind switch
        {
            LinkMessageKind.Transmit => LinkMessage.Transmit(frames, message.Address),
            LinkMessageKind.TransmitTo => LinkMessage.TransmitTo(frames, message.Type, message.Hardware),
            _ => LinkMessage.FromDevice(NetworkDeviceEvent.Received(frames)),
        };
    }

    private sealed class InternetCarrier : FrameCarrier<IpMessage>
    {
        public override FrameBatch FramesOf(IpMessage message) => message.Kind is IpMessageKind.Received or IpMessageKind.Send ? message.Frames : default;

        public override IpMessage WithFrames(IpMessage message, FrameBatch frames) => message.Kind == IpMessageKind.Received
            ? IpMessage.Received(frames)
            : IpMessage.Send(frames, message.Source, message.Destination, message.Protocol, message.Options);
    }

    private sealed class TcpCarrier : FrameCarrier<TcpMessage>
    {
        public override FrameBatch FramesOf(TcpMessage message) => message.Kind == TcpMessageKind.Received ? message.Frames : default;

        public override TcpMessage WithFrames(TcpMessage message, FrameBatch frames) => TcpMessage.Received(frames);
    }

    private sealed class UdpCarrier : FrameCarrier<UdpMessage>
    {
        public override FrameBatch FramesOf(UdpMessage message) => message.Kind == UdpMessageKind.Received ? message.Frames : default;

        public override UdpMessage WithFrames(UdpMessage message, FrameBatch frames) => UdpMessage.Received(frames, message.Interface);
    }
}
