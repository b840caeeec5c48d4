using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Dns;
using Troupe.Net.Ethernet;
using Troupe.Net.Ip;
using Troupe.Net.Middleware;
using Troupe.Net.Sockets;
using Troupe.Net.Tcp;
using Troupe.Net.Udp;
using Troupe.Net.Wire;

namespace Troupe.Apps.Hosting;

/// <summary>The protocol layers of one network device, each an actor, put together.</summary>
public sealed class NetworkStack
{
    private readonly TaskCompletionSource<InterfaceConfiguration> _configured = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ActorSystem _system;
    private readonly ActorRef<LinkMessage> _ethernet;
    private readonly LayerStages _stages;
    private readonly Lock _dnsGate = new();
    private readonly DnsSurroundings _dnsSurroundings;
    private readonly TcpConfiguration _tcpConfiguration;
    private ActorRef<DnsMessage>? _dns;
    private InterfaceConfiguration? _configuration;

    private NetworkStack(ActorSystem system, ActorRef<NetworkDeviceMessage> device, LinkResources link, NetworkConfiguration configuration, IRandomness randomness)
    {
        _system = system;
        Device = device;
        Link = link;
        LayerCounters ethernet = new("Ethernet"), arp = new("ARP"), ipv4 = new("IPv4"), icmp = new("ICMP"), igmp = new("IGMP"), ipv6 = new("IPv6"), icmpv6 = new("ICMPv6"), udp = new("UDP"), tcp = new("TCP"), dhcp = new("DHCP"), dns = new("DNS"), loopback = new(LayerCounters.Loopback);
        LayerStages stages = new(system, link, configuration.Relays);
        // From the link up; each layer knows the one below from birth, and waits for it alone; it knows the one above from its first message.
        ActorRef<NetworkDeviceMessage> belowEthernet = stages.Above(LayerEdge.EthernetToDevice, device);
        _ethernet = system.Spawn(new EthernetActor(configuration.Ethernet, link, belowEthernet, randomness, ethernet, arp), WaitingFor(belowEthernet));
        FramePool reassembly = Reassembler.CreateBuffers(configuration.Internet);
        ActorRef<LinkMessage> belowIpv4 = stages.Above(LayerEdge.Ipv4ToEthernet, _ethernet);
        CreateIpv4 = () => new Ipv4Actor(new(link, belowIpv4, configuration.Internet, reassembly, randomness, ipv4, icmp, igmp) { LoopbackCounters = loopback });
        Ipv4 = system.Spawn(CreateIpv4, WaitingFor(belowIpv4));
        if (configuration.Ipv6 is { } version6)
        {
            ActorRef<LinkMessage> belowIpv6 = stages.Above(LayerEdge.Ipv6ToEthernet, _ethernet);
            CreateIpv6 = () => new Ipv6Actor(
                new(link, belowIpv6, version6, configuration.Internet, reassembly, Addresses, NameServers, randomness, ipv6, icmpv6)
                {
                    OtherConfigurationFound = () => StartDhcpv6(version6.DnsEntries, randomness),
                    LoopbackCounters = loopback,
                });
            Ipv6 = system.Spawn(CreateIpv6, WaitingFor(belowIpv6));
        }

        Internet = new(
            stages.Above(LayerEdge.TransportToIpv4, Ipv4),
            Ipv6 is { } sixth ? stages.Above(LayerEdge.TransportToIpv6, sixth) : null, Addresses);
        CreateUdp = () => new UdpActor(link, Internet, udp);
        Udp = system.Spawn(CreateUdp, WaitingFor(Internet.WaitedFor));
        _tcpConfiguration = configuration.Tcp;
        CreateTcp = () => new TcpActor(configuration.Tcp, link, Internet, randomness, system.Time, tcp);
        Tcp = system.Spawn(CreateTcp, WaitingFor(Internet.WaitedFor));
        NameServers.SetByHand(configuration.NameServers, configuration.SearchDomains);
        // At the first question: an image in which nobody asks any is spared the resolver.
        _dnsSurroundings = new(configuration.Dns, link, Udp, Tcp, randomness, dns);
        DhcpCounters = dhcp;
        _stages = stages;
        Counters = [ethernet, arp, ipv4, icmp, igmp, ipv6, icmpv6, udp, tcp, dhcp, dns, loopback, .. stages.Counters];
    }

    /// <summary>The device beneath.</summary>
    public ActorRef<NetworkDeviceMessage> Device { get; }

    /// <summary>The internet layer.</summary>
    public ActorRef<IpMessage> Ipv4 { get; }

    /// <summary>The internet layer of IPv6; null without it.</summary>
    public ActorRef<IpMessage>? Ipv6 { get; }

    /// <summary>The DNS servers this host knows.</summary>
    public NameServers NameServers { get; } = new();

    /// <summary>The internet layers, as transports know them.</summary>
    public InternetLayers Internet { get; }

    /// <summary>Makes a behaviour for <see cref="Ipv4"/>, as a hot swap wants it: it takes its state from its predecessor.</summary>
    public Func<Actor<IpMessage>> CreateIpv4 { get; }

    /// <summary>Makes a behaviour for <see cref="Ipv6"/>, as a hot swap wants it; null without it.</summary>
    public Func<Actor<IpMessage>>? CreateIpv6 { get; }

    /// <summary>Makes a behaviour for <see cref="Udp"/>, as a hot swap wants it: it takes its state from its predecessor.</summary>
    public Func<Actor<UdpMessage>> CreateUdp { get; }

    /// <summary>Makes a behaviour for <see cref="Tcp"/>, as a hot swap wants it: it takes its state from its predecessor.</summary>
    public Func<Actor<TcpMessage>> CreateTcp { get; }

    /// <summary>The DNS resolver, which is started by the first who asks for it.</summary>
    public ActorRef<DnsMessage> Dns
    {
        get
        {
            lock (_dnsGate)
                return _dns ??= _system.Spawn(new DnsResolverActor(_dnsSurroundings, NameServers, Addresses), new SpawnOptions { WaitsFor = [] });
        }
    }

    /// <summary>The UDP layer.</summary>
    public ActorRef<UdpMessage> Udp { get; }

    /// <summary>The TCP layer.</summary>
    public ActorRef<TcpMessage> Tcp { get; }

    /// <summary>The DHCP client; null where the address was given by hand.</summary>
    public ActorRef<DhcpClientMessage>? Dhcp { get; private set; }

    /// <summary>Makes a behaviour for <see cref="Dhcp"/>, as a hot swap wants it; null without it.</summary>
    public Func<Actor<DhcpClientMessage>>? CreateDhcp { get; private set; }

    /// <summary>The addresses of this host.</summary>
    public LocalAddresses Addresses { get; } = new();

    /// <summary>What the layers rent from the device.</summary>
    public LinkResources Link { get; }

    /// <summary>What each layer counted, from the link up.</summary>
    public IReadOnlyList<LayerCounters> Counters { get; private set; }

    /// <summary>The configuration of now; null while there is none.</summary>
    public InterfaceConfiguration? Configuration => Volatile.Read(ref _configuration);

    /// <summary>Completes with the first configuration.</summary>
    public Task<InterfaceConfiguration> Configured => _configured.Task;

    private LayerCounters DhcpCounters { get; }

    /// <summary>The counters of one layer.</summary>
    public LayerCounters this[string layer] => Counters.First(counters => counters.Layer == layer);

    /// <summary>Waits for a device to start, puts a stack on it, and gives it its address or asks DHCP for one.</summary>
    public static async Task<NetworkStack> StartAsync(
        ActorSystem system, ActorRef<NetworkDeviceMessage> device, NetworkConfiguration configuration, IRandomness randomness, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(configuration);
        StartedClient started = new();
        await device.TellAsync(NetworkDeviceMessage.Attach(started), cancellationToken);
        NetworkDeviceInformation information = await started.Information.WaitAsync(cancellationToken);

        NetworkStack stack = new(system, device, LinkResources.Of(information), configuration, randomness);
        await stack.AttachAsync(device, cancellationToken);
        if (configuration.Static is { } given)
            await stack.ConfigureAsync(given);
        else
            stack.StartDhcp(randomness);
        return stack;
    }

    // Each layer learns who is above it, or the stage that stands in for it.
    private async ValueTask AttachAsync(ActorRef<NetworkDeviceMessage> device, CancellationToken cancellationToken)
    {
        ActorRef<UdpMessage> udp = _stages.Below(LayerEdge.InternetToUdp, Udp);
        ActorRef<TcpMessage> tcp = _stages.Below(LayerEdge.InternetToTcp, Tcp);
        await _ethernet.TellAsync(
            LinkMessage.Attach(EtherType.Ipv4, _stages.Below(LayerEdge.EthernetToIpv4, Ipv4)), cancellationToken);
        await Ipv4.TellAsync(IpMessage.Attach(udp), cancellationToken);
        await Ipv4.TellAsync(IpMessage.Attach(tcp), cancellationToken);
        if (Ipv6 is { } ipv6)
        {
            await _ethernet.TellAsync(
                LinkMessage.Attach(EtherType.Ipv6, _stages.Below(LayerEdge.EthernetToIpv6, ipv6)), cancellationToken);
            await ipv6.TellAsync(IpMessage.Attach(udp), cancellationToken);
            await ipv6.TellAsync(IpMessage.Attach(tcp), cancellationToken);
        }

        EthernetClient client = new(_stages.Below(LayerEdge.DeviceToEthernet, _ethernet));
        Counters = [.. Counters, .. _stages.Counters.Except(Counters)];
        await device.TellAsync(NetworkDeviceMessage.Attach(client), cancellationToken);
    }

    private void StartDhcp(IRandomness randomness)
    {
        CreateDhcp = () => new DhcpClientActor(Link, randomness, Udp, _ethernet, ConfigureAsync, DhcpCounters);
        Dhcp = _system.Spawn(CreateDhcp, WaitingFor(Udp, Ipv4, _ethernet));
    }

    // When a router says so: elsewhere there is nobody to ask.
    private void StartDhcpv6(int entries, IRandomness randomness) => _system.Spawn(
        new Dhcpv6ClientActor(Link, randomness, Udp, NameServers, entries, DhcpCounters),
        new SpawnOptions { Mailbox = new MailboxOptions { Capacity = 16 }, WaitsFor = [Udp] });

    /// <summary>Gives every layer the interface's configuration, or takes it away.</summary>
    public async ValueTask ConfigureAsync(InterfaceConfiguration? configuration)
    {
        await Ipv4.TellAsync(IpMessage.Configure(configuration));
        NameServers.SetDhcp(
            [.. new[] { configuration?.NameServer, configuration?.SecondNameServer }.OfType<Ipv4Address>().Select(static server => (IpAddress)server)],
            configuration?.Domain is { } domain ? [domain] : []);
        Addresses.SetIpv4(configuration is { Network: var network } ? [new(network.Address, network.PrefixLength)] : []);
        Volatile.Write(ref _configuration, configuration);
        if (configuration is not null)
            _configured.TrySetResult(configuration);
    }

    /// <summary>Connects to a remote end point.</summary>
    public ValueTask<TcpConnection> ConnectAsync(IpEndPoint remote, TcpApplicationOptions? options = null, CancellationToken cancellationToken = default) =>
        // Longer than the SYN's retransmissions take: they decide.
        Tcp.AskAsync<TcpConnection>(
            reply => TcpMessage.Connect(new(remote, options ?? new(), reply)), TimeSpan.FromMinutes(3), cancellationToken);

    /// <summary>Finds the addresses of a name; the resolver's own deadlines end it.</summary>
    public ValueTask<DnsResult> ResolveAsync(string name, DnsFamilies families = DnsFamilies.Both, CancellationToken cancellationToken = default) =>
        Dns.AskAsync<DnsResult>(reply => DnsMessage.Resolve(new(name, families, reply)), TimeSpan.FromMinutes(5), cancellationToken);

    /// <summary>Listens on a port; null when it is taken.</summary>
    public ValueTask<TcpListener?> ListenAsync(ushort port, TcpApplicationOptions? options = null, CancellationToken cancellationToken = default) =>
        Tcp.AskAsync<TcpListener?>(
            reply => TcpMessage.Listen(new(new(default, port), options ?? new(), reply)), cancellationToken: cancellationToken);

    /// <summary>The class library's socket calls on this stack.</summary>
    internal SocketCalls CreateSockets(IMachine machine, nint firstDescriptor)
    {
        SocketNetwork network = new(Tcp, Udp, Internet, Link, () => Configuration, machine.Randomness, _system.Time, machine.CreateParker)
        {
            NameServers = NameServers,
            Counters = () => Counters,
            TcpConfiguration = _tcpConfiguration,
        };
        return new(network with { Resolver = new StackHostResolver(this, _system.Time, network.ConfigurationTimeout) }, firstDescriptor);
    }

    /// <summary>The TCP connections with their state, queues, round trip and windows, as netstat lists them.</summary>
    public async ValueTask<System.Collections.Immutable.ImmutableArray<TcpConnectionStatus>> ListConnectionsAsync()
    {
        TcpListing listing = await TcpListing.ReadAsync(Tcp);
        return await listing.ReadConnectionsAsync();
    }

    private static SpawnOptions WaitingFor(params ActorRef[] below) => new() { WaitsFor = below };

    private sealed class StartedClient : NetworkDeviceClient
    {
        private readonly TaskCompletionSource<NetworkDeviceInformation> _information = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<NetworkDeviceInformation> Information => _information.Task;

        protected override bool TryTell(in NetworkDeviceEvent deviceEvent)
        {
            if (deviceEvent is { Kind: NetworkDeviceEventKind.Started, Information: { } information })
                _information.TrySetResult(information);
            // What arrives before there is a stack is given back to the driver, which drops and counts it.
            return deviceEvent.Kind != NetworkDeviceEventKind.Received;
        }
    }
}
