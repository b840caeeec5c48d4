using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Ethernet;
using Troupe.Net.Ip;
using Troupe.Net.Middleware;
using Troupe.Net.Udp;
using Troupe.Net.Wire;

namespace Troupe.Apps.Hosting;

/// <summary>What the interfaces of one stack share.</summary>
internal sealed record StackSurroundings(ActorSystem System, NetworkConfiguration Configuration, IRandomness Randomness, FramePool Reassembly)
{
    /// <summary>What goes round within the host.</summary>
    public LayerCounters Loopback { get; } = new(LayerCounters.Loopback);

    /// <summary>Of the clients of all interfaces.</summary>
    public LayerCounters Dhcp { get; } = new("DHCP");

    /// <summary>Called after addresses of any interface came or went, in a layer's turn.</summary>
    public Action? AddressesChanged { get; set; }

    /// <summary>Completes with the first configuration of any interface.</summary>
    public TaskCompletionSource<InterfaceConfiguration> Configured { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>One device with the layers that are its own, each an actor: the link layer and the internet layers.</summary>
public sealed class StackInterface
{
    private readonly StackSurroundings _around;
    private readonly InterfaceSetup _setup;
    private readonly LayerStages _stages;
    private readonly ActorRef<LinkMessage> _ethernet;
    private readonly LayerCounters[] _counters;
    private readonly TaskCompletionSource<InterfaceConfiguration> _configured = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ActorRef<UdpMessage>? _udp;

    internal StackInterface(StackSurroundings around, ActorRef<NetworkDeviceMessage> device, LinkResources link, int number, InterfaceSetup setup, NameServers nameServers)
    {
        NameServers = nameServers;
        Addresses = new() { Changed = () => around.AddressesChanged?.Invoke() };
        _around = around;
        _setup = setup;
        Device = device;
        Link = link;
        string name = InternetInterface.NameOf(number);
        LayerCounters ethernet = new("Ethernet", name), arp = new("ARP", name), ipv4 = new("IPv4", name), icmp = new("ICMP", name), igmp = new("IGMP", name),
            ipv6 = new("IPv6", name), icmpv6 = new("ICMPv6", name);
        _counters = [ethernet, arp, ipv4, icmp, igmp, ipv6, icmpv6];
        ActorSystem system = around.System;
        InternetConfiguration internet = around.Configuration.Internet;
        _stages = new(system, link, around.Configuration.Relays);
        // From the link up; each layer knows the one below from birth, and waits for it alone; it knows the one above from its first message.
        ActorRef<NetworkDeviceMessage> belowEthernet = _stages.Above(LayerEdge.EthernetToDevice, device);
        CreateEthernet = () => new EthernetActor(around.Configuration.Ethernet, link, belowEthernet, around.Randomness, ethernet, arp);
        _ethernet = system.Spawn(CreateEthernet, NetworkStack.WaitingFor(belowEthernet));
        ActorRef<LinkMessage> belowIpv4 = _stages.Above(LayerEdge.Ipv4ToEthernet, _ethernet);
        CreateIpv4 = () => new Ipv4Actor(
            new(link, belowIpv4, internet, around.Reassembly, around.Randomness, ipv4, icmp, igmp) { LoopbackCounters = around.Loopback });
        Ipv4 = system.Spawn(CreateIpv4, NetworkStack.WaitingFor(belowIpv4));
        if (setup.Ipv6 is { } version6)
        {
            ActorRef<LinkMessage> belowIpv6 = _stages.Above(LayerEdge.Ipv6ToEthernet, _ethernet);
            CreateIpv6 = () => new Ipv6Actor(
                new(link, belowIpv6, version6, internet, around.Reassembly, Addresses, NameServers, around.Randomness, ipv6, icmpv6)
                {
                    OtherConfigurationFound = () => StartDhcpv6(version6.DnsEntries),
                    LoopbackCounters = around.Loopback,
                });
            Ipv6 = system.Spawn(CreateIpv6, NetworkStack.WaitingFor(belowIpv6));
        }

        Internet = new(
            number, link, _stages.Above(LayerEdge.TransportToIpv4, Ipv4), Ipv6 is { } sixth ? _stages.Above(LayerEdge.TransportToIpv6, sixth) : null, Addresses)
        {
            Metric = setup.Metric ?? number,
        };
    }

    /// <summary>The name: eth0, eth1.</summary>
    public string Name => Internet.Name;

    /// <summary>The device beneath.</summary>
    public ActorRef<NetworkDeviceMessage> Device { get; }

    /// <summary>What the layers rent from the device.</summary>
    public LinkResources Link { get; }

    /// <summary>The internet layer.</summary>
    public ActorRef<IpMessage> Ipv4 { get; }

    /// <summary>The internet layer of IPv6; null without it.</summary>
    public ActorRef<IpMessage>? Ipv6 { get; }

    /// <summary>The interface, as transports know it.</summary>
    public InternetInterface Internet { get; }

    /// <summary>The addresses of the interface.</summary>
    public LocalAddresses Addresses { get; }

    /// <summary>The DNS servers that are named on its link.</summary>
    public NameServers NameServers { get; }

    /// <summary>What its layers counted, from the link up.</summary>
    public IReadOnlyList<LayerCounters> Counters => [.. _counters, .. _stages.Counters];

    /// <summary>The configuration of now; null while there is none.</summary>
    public InterfaceConfiguration? Configuration => Addresses.Configuration;

    /// <summary>Completes with the first configuration.</summary>
    public Task<InterfaceConfiguration> Configured => _configured.Task;

    /// <summary>Makes a behaviour for <see cref="Ipv4"/>, as a hot swap wants it: it takes its state from its predecessor.</summary>
    public Func<Actor<IpMessage>> CreateIpv4 { get; }

    /// <summary>Makes a behaviour for <see cref="Ipv6"/>, as a hot swap wants it; null without it.</summary>
    public Func<Actor<IpMessage>>? CreateIpv6 { get; }

    /// <summary>The DHCP client; null where the address was given by hand.</summary>
    public ActorRef<DhcpClientMessage>? Dhcp { get; private set; }

    /// <summary>Makes a behaviour for <see cref="Dhcp"/>, as a hot swap wants it; null without it.</summary>
    public Func<Actor<DhcpClientMessage>>? CreateDhcp { get; private set; }

    /// <summary>The client of DHCPv6; null until a router says that there is something to ask for.</summary>
    public ActorRef<Dhcpv6ClientMessage>? Dhcpv6 { get; private set; }

    /// <summary>Makes a behaviour for <see cref="Dhcpv6"/>, as a hot swap wants it; null without it.</summary>
    public Func<Actor<Dhcpv6ClientMessage>>? CreateDhcpv6 { get; private set; }

    /// <summary>The link layer.</summary>
    public ActorRef<LinkMessage> Ethernet => _ethernet;

    /// <summary>Makes a behaviour for <see cref="Ethernet"/>, as a hot swap wants it: it takes its state from its predecessor.</summary>
    public Func<Actor<LinkMessage>> CreateEthernet { get; }

    /// <summary>Gives every layer the interface's configuration of IPv4, or takes it away.</summary>
    public async ValueTask ConfigureAsync(InterfaceConfiguration? configuration)
    {
        await Ipv4.TellAsync(IpMessage.Configure(configuration));
        NameServers.SetDhcp(
            [.. new[] { configuration?.NameServer, configuration?.SecondNameServer }.OfType<Ipv4Address>().Select(static server => (IpAddress)server)],
            configuration?.Domain is { } domain ? [domain] : []);
        Addresses.Configure(configuration);
        if (configuration is null)
            return;
        _configured.TrySetResult(configuration);
        _around.Configured.TrySetResult(configuration);
    }

    // Each layer learns who is above it, or the stage that stands in for it; the device learns it last.
    internal async ValueTask AttachAsync(ActorRef<UdpMessage> udp, ActorRef<TcpMessage> tcp, CancellationToken cancellationToken)
    {
        _udp = udp;
        ActorRef<UdpMessage> udpAbove = _stages.Below(LayerEdge.InternetToUdp, udp);
        ActorRef<TcpMessage> tcpAbove = _stages.Below(LayerEdge.InternetToTcp, tcp);
        await _ethernet.TellAsync(LinkMessage.Attach(EtherType.Ipv4, _stages.Below(LayerEdge.EthernetToIpv4, Ipv4)), cancellationToken);
        await Ipv4.TellAsync(IpMessage.Attach(udpAbove), cancellationToken);
        await Ipv4.TellAsync(IpMessage.Attach(tcpAbove), cancellationToken);
        if (Ipv6 is { } ipv6)
        {
            await _ethernet.TellAsync(LinkMessage.Attach(EtherType.Ipv6, _stages.Below(LayerEdge.EthernetToIpv6, ipv6)), cancellationToken);
            await ipv6.TellAsync(IpMessage.Attach(udpAbove), cancellationToken);
            await ipv6.TellAsync(IpMessage.Attach(tcpAbove), cancellationToken);
        }

        await Device.TellAsync(NetworkDeviceMessage.Attach(new EthernetClient(_stages.Below(LayerEdge.DeviceToEthernet, _ethernet))), cancellationToken);
    }

    // The address that was given, or a client that asks for one.
    internal ValueTask StartConfigurationAsync()
    {
        if (_setup.Static is { } given)
            return ConfigureAsync(given);
        CreateDhcp = () => new DhcpClientActor(Link, _around.Randomness, _udp!, _ethernet, ConfigureAsync, _around.Dhcp);
        Dhcp = _around.System.Spawn(CreateDhcp, NetworkStack.WaitingFor(_udp!, Ipv4, _ethernet));
        return default;
    }

    // When a router says so: elsewhere there is nobody to ask.
    private void StartDhcpv6(int entries)
    {
        CreateDhcpv6 = () => new Dhcpv6ClientActor(Link, _around.Randomness, _udp!, NameServers, entries, _around.Dhcp);
        Dhcpv6 = _around.System.Spawn(CreateDhcpv6, new SpawnOptions { Mailbox = new MailboxOptions { Capacity = 16 }, WaitsFor = [_udp!] });
    }
}
