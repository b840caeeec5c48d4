using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Dns;
using Troupe.Net.Ip;
using Troupe.Net.Sockets;
using Troupe.Net.Tcp;
using Troupe.Net.Udp;

namespace Troupe.Apps.Hosting;

/// <summary>The protocol layers of a host, each an actor, put together: those of each network device, and the transports above them all.</summary>
public sealed class NetworkStack
{
    private readonly ActorSystem _system;
    private readonly StackSurroundings _around;
    private readonly Lock _dnsGate = new();
    private readonly DnsSurroundings _dnsSurroundings;
    private readonly LayerCounters[] _counters;
    private readonly NameServers[] _nameServers;
    private readonly Lock _joining = new();
    private volatile StackInterface[] _interfaces;
    private ActorRef<DnsMessage>? _dns;

    private NetworkStack(ActorSystem system, IReadOnlyList<DeviceStart> devices, NetworkConfiguration configuration, IRandomness randomness)
    {
        _system = system;
        _around = new(system, configuration, randomness, Reassembler.CreateBuffers(configuration.Internet));
        LayerCounters udp = new("UDP"), tcp = new("TCP"), dns = new("DNS");
        _nameServers = [.. devices.Select(static one => new NameServers(InternetInterface.FirstIndex + one.Number))];
        _interfaces = [.. devices.Where(static one => one.HasStarted).Select(CreateInterface)];
        Internet = new([.. _interfaces.Select(static one => one.Internet)]);
        CreateUdp = () => new UdpActor(Internet, udp);
        Udp = system.Spawn(CreateUdp, WaitingFor(Internet.WaitedFor));
        CreateTcp = () => new TcpActor(configuration.Tcp, Internet.First.Link, Internet, randomness, system.Time, tcp);
        Tcp = system.Spawn(CreateTcp, WaitingFor(Internet.WaitedFor));
        NameServers = new([.. _nameServers]);
        NameServers.SetByHand(configuration.NameServers, configuration.SearchDomains);
        // At the first question: an image in which nobody asks any is spared the resolver.
        _dnsSurroundings = new(configuration.Dns, Link, Udp, Tcp, randomness, dns);
        _counters = [udp, tcp, _around.Dhcp, dns, _around.Loopback];
    }

    /// <summary>The interfaces, one a device that has started, at least one, in the order of their numbers: eth0, eth1.</summary>
    public IReadOnlyList<StackInterface> Interfaces => _interfaces;

    /// <summary>The device of the first interface.</summary>
    public ActorRef<NetworkDeviceMessage> Device => First.Device;

    /// <summary>The internet layer of the first interface.</summary>
    public ActorRef<IpMessage> Ipv4 => First.Ipv4;

    /// <summary>The internet layer of IPv6 of the first interface; null without it.</summary>
    public ActorRef<IpMessage>? Ipv6 => First.Ipv6;

    /// <summary>The DNS servers this host knows.</summary>
    public NameServers NameServers { get; }

    /// <summary>The internet layers, as transports know them.</summary>
    public InternetLayers Internet { get; }

    /// <inheritdoc cref="StackInterface.CreateIpv4"/>
    public Func<Actor<IpMessage>> CreateIpv4 => First.CreateIpv4;

    /// <inheritdoc cref="StackInterface.CreateIpv6"/>
    public Func<Actor<IpMessage>>? CreateIpv6 => First.CreateIpv6;

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
                return _dns ??= _system.Spawn(CreateDns, new SpawnOptions { WaitsFor = [] });
        }
    }

    /// <summary>Makes a behaviour for <see cref="Dns"/>, as a hot swap wants it: it takes its state from its predecessor.</summary>
    public Func<Actor<DnsMessage>> CreateDns => () => new DnsResolverActor(_dnsSurroundings, NameServers, Internet);

    /// <summary>The UDP layer.</summary>
    public ActorRef<UdpMessage> Udp { get; }

    /// <summary>The TCP layer.</summary>
    public ActorRef<TcpMessage> Tcp { get; }

    /// <inheritdoc cref="StackInterface.Dhcp"/>
    public ActorRef<DhcpClientMessage>? Dhcp => First.Dhcp;

    /// <inheritdoc cref="StackInterface.CreateDhcp"/>
    public Func<Actor<DhcpClientMessage>>? CreateDhcp => First.CreateDhcp;

    /// <summary>The addresses of the first interface.</summary>
    public LocalAddresses Addresses => First.Addresses;

    /// <summary>What the layers rent from the first interface's device.</summary>
    public LinkResources Link => First.Link;

    /// <summary>What each layer counted, from the links up.</summary>
    public IReadOnlyList<LayerCounters> Counters => [.. Interfaces.SelectMany(static one => one.Counters), .. _counters];

    /// <summary>The first interface's configuration of now; null while there is none.</summary>
    public InterfaceConfiguration? Configuration => First.Configuration;

    /// <summary>Completes with the first configuration of any interface.</summary>
    public Task<InterfaceConfiguration> Configured => _around.Configured.Task;

    /// <summary>Raised after addresses of any interface came or went, in the turn of the layer that they are of: who listens must not wait.</summary>
    public event Action? AddressesChanged
    {
        add => _around.AddressesChanged += value;
        remove => _around.AddressesChanged -= value;
    }

    private StackInterface First => Interfaces[0];

    /// <summary>The counters of one layer, of the first interface if it is one of an interface's.</summary>
    public LayerCounters this[string layer] => Counters.First(counters => counters.Layer == layer);

    /// <inheritdoc cref="StartAsync(ActorSystem, IReadOnlyList{ActorRef{NetworkDeviceMessage}}, NetworkConfiguration, IRandomness, CancellationToken)"/>
    public static Task<NetworkStack> StartAsync(
        ActorSystem system, ActorRef<NetworkDeviceMessage> device, NetworkConfiguration configuration, IRandomness randomness, CancellationToken cancellationToken = default) =>
        StartAsync(system, [device], configuration, randomness, cancellationToken);

    /// <summary>
    /// Waits for the devices to start, puts a stack on them, and gives each its address or asks DHCP for one. A device that does not start is waited for five seconds while
    /// another has started, and joins whenever it does; the console says which.
    /// </summary>
    public static async Task<NetworkStack> StartAsync(
        ActorSystem system, IReadOnlyList<ActorRef<NetworkDeviceMessage>> devices, NetworkConfiguration configuration, IRandomness randomness,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(devices);
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentOutOfRangeException.ThrowIfZero(devices.Count, nameof(devices));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(devices.Count, InternetInterface.Most, nameof(devices));
        DeviceStart[] starting = [.. devices.Select(static (device, number) => new DeviceStart(device, number))];
        await DeviceStart.WaitAsync(starting, system.Time, configuration.Notice, cancellationToken);

        NetworkStack stack = new(system, starting, configuration, randomness);
        foreach (StackInterface one in stack.Interfaces)
            await one.AttachAsync(stack.Udp, stack.Tcp, cancellationToken);
        foreach (StackInterface one in stack.Interfaces)
            await one.StartConfigurationAsync();
        foreach (DeviceStart late in starting.Where(one => stack.Internet.WithIndex(InternetInterface.FirstIndex + one.Number) is null))
            _ = stack.JoinAsync(late);
        return stack;
    }

    /// <summary>Gives every layer the first interface's configuration, or takes it away.</summary>
    public ValueTask ConfigureAsync(InterfaceConfiguration? configuration) => First.ConfigureAsync(configuration);

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
        SocketNetwork network = new(Tcp, Udp, Internet, machine.Randomness, _system.Time, machine.CreateParker)
        {
            NameServers = NameServers,
            Counters = () => Counters,
            TcpConfiguration = _around.Configuration.Tcp,
        };
        return new(network with { Resolver = new StackHostResolver(this, _system.Time, network.ConfigurationTimeout) }, firstDescriptor);
    }

    /// <summary>The TCP connections with their state, queues, round trip and windows, as netstat lists them.</summary>
    public async ValueTask<System.Collections.Immutable.ImmutableArray<TcpConnectionStatus>> ListConnectionsAsync()
    {
        TcpListing listing = await TcpListing.ReadAsync(Tcp);
        return await listing.ReadConnectionsAsync();
    }

    internal static SpawnOptions WaitingFor(params ActorRef[] below) => new() { WaitsFor = below };

    private StackInterface CreateInterface(DeviceStart device)
    {
        LinkResources link = LinkResources.Of(device.Information.Result, device.Number);
        return new(_around, device.Device, link, device.Number, _around.Configuration.SetupOf(device.Number), _nameServers[device.Number]);
    }

    private async Task JoinAsync(DeviceStart late)
    {
        Action<string> notice = _around.Configuration.Notice;
        try
        {
            await late.Information;
            StackInterface one = CreateInterface(late);
            lock (_joining)
            {
                // Before they can find it.
                _system.AddWaits(Udp, one.Internet.WaitedFor);
                _system.AddWaits(Tcp, one.Internet.WaitedFor);
                Internet.Join(one.Internet);
                _interfaces = [.. _interfaces.Append(one).OrderBy(static other => other.Internet.Number)];
            }

            await one.AttachAsync(Udp, Tcp, CancellationToken.None);
            await one.StartConfigurationAsync();
            notice($"{late.Name}: this network card has started, and joins the others.");
        }
        catch (Exception failure)
        {
            // One card's trouble is not the others'; nobody awaits this.
            notice($"{late.Name}: this network card cannot join the others: {failure.Message}");
        }
    }
}
