using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>What a <see cref="LinkMessage"/> is.</summary>
public enum LinkMessageKind : byte
{
    /// <summary>Nothing; ignored.</summary>
    None,

    /// <summary>Who gets the IPv4 packets.</summary>
    Attach,

    /// <summary>From the device.</summary>
    Device,

    /// <summary>IPv4 packets to send to a neighbour.</summary>
    Transmit,

    /// <summary>Which address this host answers for.</summary>
    SetAddress,

    /// <summary>From the link layer to itself: time passed.</summary>
    Tick,
}

/// <summary>To the link layer. Owned when it carries frames.</summary>
public readonly struct LinkMessage : IDisposable
{
    private LinkMessage(LinkMessageKind kind, FrameBatch frames, Ipv4Address address, NetworkDeviceEvent deviceEvent, ActorRef<IpMessage>? ipv4 = null)
    {
        Kind = kind;
        Frames = frames;
        Address = address;
        DeviceEvent = deviceEvent;
        Ipv4 = ipv4;
    }

    /// <summary>What this is.</summary>
    public LinkMessageKind Kind { get; }

    /// <summary>The packets of <see cref="LinkMessageKind.Transmit"/>, each starting at its IP header.</summary>
    public FrameBatch Frames { get; }

    /// <summary>The neighbour of <see cref="LinkMessageKind.Transmit"/>, or the own address of <see cref="LinkMessageKind.SetAddress"/>.</summary>
    public Ipv4Address Address { get; }

    /// <summary>The event of <see cref="LinkMessageKind.Device"/>.</summary>
    public NetworkDeviceEvent DeviceEvent { get; }

    /// <summary>The layer of <see cref="LinkMessageKind.Attach"/>.</summary>
    public ActorRef<IpMessage>? Ipv4 { get; }

    /// <summary>Gives IPv4 packets to a layer from now on.</summary>
    public static LinkMessage Attach(ActorRef<IpMessage> ipv4) => new(LinkMessageKind.Attach, default, default, default, ipv4);

    /// <summary>An event of the device.</summary>
    public static LinkMessage FromDevice(in NetworkDeviceEvent deviceEvent) => new(LinkMessageKind.Device, default, default, deviceEvent);

    /// <summary>Sends packets to a neighbour of this link, or to all with a broadcast or group address.</summary>
    public static LinkMessage Transmit(FrameBatch packets, Ipv4Address neighbour) => new(LinkMessageKind.Transmit, packets, neighbour, default);

    /// <summary>Answers for an address from now on, and announces it; none for the address 0.0.0.0.</summary>
    public static LinkMessage SetAddress(Ipv4Address address) => new(LinkMessageKind.SetAddress, default, address, default);

    /// <summary>Time passed.</summary>
    public static LinkMessage Tick() => new(LinkMessageKind.Tick, default, default, default);

    /// <summary>Disposes the frames.</summary>
    public void Dispose()
    {
        Frames.Dispose();
        DeviceEvent.Dispose();
    }
}
