using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>What a <see cref="LinkMessage"/> is.</summary>
public enum LinkMessageKind : byte
{
    /// <summary>Nothing; ignored.</summary>
    None,

    /// <summary>Who gets the packets of a type.</summary>
    Attach,

    /// <summary>From the device.</summary>
    Device,

    /// <summary>IPv4 packets to send to a neighbour.</summary>
    Transmit,

    /// <summary>Packets to send to a link address.</summary>
    TransmitTo,

    /// <summary>Which address this host answers for.</summary>
    SetAddress,

    /// <summary>Is somebody else's an address?</summary>
    Probe,

    /// <summary>Who is told that somebody else uses our address.</summary>
    Observe,

    /// <summary>From the link layer to itself: time passed.</summary>
    Tick,
}

/// <summary>Is told that somebody else keeps using our address (RFC 5227 2.4); does nothing but <c>TryTell</c>.</summary>
[SendableByContract("Does nothing but TryTell.")]
public abstract class AddressConflictObserver
{
    /// <summary>The address is used by somebody else, who did not give way.</summary>
    public abstract void Conflict(Ipv4Address address);
}

/// <summary>To the link layer. Owned when it carries frames.</summary>
public readonly struct LinkMessage : IDisposable
{
    // A message is copied several times on its way, so it has one place for what only rare kinds carry.
    [SendableByContract("An ActorRef, an observer, the device's information, or a boxed Reply: the factories below put nothing else in.")]
    private readonly object? _subject;

    private readonly FrameBatch _frames;
    private readonly NetworkDeviceEventKind _event;
    private readonly bool _isLinkUp;

    private LinkMessage(
        LinkMessageKind kind, FrameBatch frames = default, Ipv4Address address = default, EtherType type = EtherType.Ipv4, MacAddress hardware = default,
        object? subject = null)
    {
        Kind = kind;
        _frames = frames;
        Address = address;
        Type = type;
        Hardware = hardware;
        _subject = subject;
    }

    private LinkMessage(in NetworkDeviceEvent deviceEvent)
    {
        Kind = LinkMessageKind.Device;
        _frames = deviceEvent.Frames;
        _event = deviceEvent.Kind;
        _isLinkUp = deviceEvent.IsLinkUp;
        _subject = deviceEvent.Information;
    }

    /// <summary>What this is.</summary>
    public LinkMessageKind Kind { get; }

    /// <summary>The packets of <see cref="LinkMessageKind.Transmit"/>, each starting at its IP header.</summary>
    public FrameBatch Frames => Kind == LinkMessageKind.Device ? default : _frames;

    /// <summary>The neighbour of <see cref="LinkMessageKind.Transmit"/>, or the own address of <see cref="LinkMessageKind.SetAddress"/>.</summary>
    public Ipv4Address Address { get; }

    /// <summary>The event of <see cref="LinkMessageKind.Device"/>.</summary>
    public NetworkDeviceEvent DeviceEvent => _event switch
    {
        NetworkDeviceEventKind.Received => NetworkDeviceEvent.Received(_frames),
        NetworkDeviceEventKind.Started => NetworkDeviceEvent.Started((NetworkDeviceInformation)_subject!, _isLinkUp),
        NetworkDeviceEventKind.LinkChanged => NetworkDeviceEvent.LinkChanged(_isLinkUp),
        NetworkDeviceEventKind.Stopped => NetworkDeviceEvent.Stopped(),
        _ => default,
    };

    /// <summary>The layer of <see cref="LinkMessageKind.Attach"/>.</summary>
    public ActorRef<IpMessage>? Layer => _subject as ActorRef<IpMessage>;

    /// <summary>What the packets of <see cref="LinkMessageKind.Attach"/> and <see cref="LinkMessageKind.TransmitTo"/> are.</summary>
    public EtherType Type { get; }

    /// <summary>The receiver of <see cref="LinkMessageKind.TransmitTo"/>, a station or a group.</summary>
    public MacAddress Hardware { get; }

    /// <summary>Where the answer of <see cref="LinkMessageKind.Probe"/> goes.</summary>
    public Reply<bool> IsFree => _subject is Reply<bool> reply ? reply : default;

    /// <summary>Who <see cref="LinkMessageKind.Observe"/> tells.</summary>
    public AddressConflictObserver? Observer => _subject as AddressConflictObserver;

    /// <summary>
    /// Finds out whether an address is free (RFC 5227 2.1), which takes up to seven seconds, or no time if the configuration asks for no probes.
    /// </summary>
    public static LinkMessage Probe(Ipv4Address address, Reply<bool> isFree) => new(LinkMessageKind.Probe, address: address, subject: isFree);

    /// <summary>Tells somebody of conflicts from now on.</summary>
    public static LinkMessage Observe(AddressConflictObserver observer) => new(LinkMessageKind.Observe, subject: observer);

    /// <summary>Gives packets of a type to a layer from now on.</summary>
    public static LinkMessage Attach(EtherType type, ActorRef<IpMessage> layer) => new(LinkMessageKind.Attach, type: type, subject: layer);

    /// <summary>Sends packets to a link address.</summary>
    public static LinkMessage TransmitTo(FrameBatch packets, EtherType type, MacAddress hardware) =>
        new(LinkMessageKind.TransmitTo, packets, type: type, hardware: hardware);

    /// <summary>An event of the device.</summary>
    public static LinkMessage FromDevice(in NetworkDeviceEvent deviceEvent) => new(deviceEvent);

    /// <summary>Sends packets to a neighbour of this link, or to all with a broadcast or group address.</summary>
    public static LinkMessage Transmit(FrameBatch packets, Ipv4Address neighbour) => new(LinkMessageKind.Transmit, packets, neighbour);

    /// <summary>Answers for an address from now on, and announces it; none for the address 0.0.0.0.</summary>
    public static LinkMessage SetAddress(Ipv4Address address) => new(LinkMessageKind.SetAddress, address: address);

    /// <summary>Time passed.</summary>
    public static LinkMessage Tick() => new(LinkMessageKind.Tick);

    /// <summary>Disposes the frames.</summary>
    public void Dispose() => _frames.Dispose();
}
