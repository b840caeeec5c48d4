using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Middleware;
using Troupe.Net.Wire;

namespace Troupe.Apps.Hosting;

/// <summary>What an application says about its network before it is built. The command line has the last word on addresses and DNS servers.</summary>
public sealed class NetworkOptions
{
    private readonly UnikernelOptions _commandLine;
    private readonly Dictionary<int, InterfaceSetup> _furtherInterfaces = [];
    private InterfaceConfiguration? _static;
    private ILayerRelays? _relays;
    private DnsServer[] _nameServers = [];
    private string[] _searchDomains = [];

    internal NetworkOptions(UnikernelOptions commandLine) => _commandLine = commandLine;

    /// <summary>Limits and times that both internet layers share.</summary>
    public InternetConfiguration Internet { get; set; } = new();

    /// <summary>How IPv6 is done on the first interface, from routers' advertisements unless this says otherwise; null for not at all.</summary>
    public Ipv6Configuration? Ipv6 { get; set; } = new();

    /// <summary>Limits and times of the DNS resolver.</summary>
    public DnsConfiguration Dns { get; set; } = new();

    /// <summary>What slips between two layers: a capture, a fault injector, a limiter; null for nothing.</summary>
    public Func<LayerEdge, LinkResources, FrameStage?>? Stages
    {
        get => _relays?.Choose;
        set => _relays = value is null ? null : new LayerRelays(value);
    }

    /// <summary>Limits and times of TCP.</summary>
    public TcpConfiguration Tcp { get; set; } = new();

    /// <summary>Limits and times of the link layer.</summary>
    public EthernetConfiguration Ethernet { get; set; } = new();

    /// <summary>Whether a device was given, so that our own stack runs even hosted.</summary>
    public bool HasDevice => Devices.Count > 0;

    internal List<Func<ActorSystem, ActorRef<NetworkDeviceMessage>>> Devices { get; } = [];

    internal NetworkConfiguration Configuration
    {
        get
        {
            InterfaceSetup first = _commandLine[0].Apply(new() { Static = _static, Ipv6 = Ipv6 });
            return new()
            {
                Static = first.Static,
                Ethernet = Ethernet,
                Internet = Internet,
                Ipv6 = first.Ipv6,
                Metric = first.Metric,
                FurtherInterfaces = _commandLine.Interfaces.Keys.Union(_furtherInterfaces.Keys).Where(static number => number > 0).ToImmutableDictionary(
                    static number => number, number => _commandLine[number].Apply(_furtherInterfaces.GetValueOrDefault(number) ?? new())),
                Relays = _relays,
                Dns = Dns,
                NameServers = _commandLine.NameServers.IsEmpty ? [.. _nameServers] : _commandLine.NameServers,
                SearchDomains = [.. _searchDomains],
                Tcp = Tcp,
            };
        }
    }

    /// <summary>Asks DHCP for an address of the first interface. This is also the default, for each interface.</summary>
    public void UseDhcp() => _static = null;

    /// <summary>Takes a fixed address for the first interface, as in <c>UseStatic("10.0.2.15/24", gateway: "10.0.2.2")</c>.</summary>
    public void UseStatic(string address, string? gateway = null)
    {
        if (!Ipv4Network.TryParse(address, out Ipv4Network network))
            throw new ArgumentException($"'{address}' is no address with a prefix length, such as 10.0.2.15/24.", nameof(address));
        Ipv4Address? router = null;
        if (gateway is not null)
            router = Ipv4Address.TryParse(gateway, out Ipv4Address parsed) ? parsed : throw new ArgumentException($"'{gateway}' is no IPv4 address.", nameof(gateway));
        _static = new(network, router);
    }

    /// <summary>Says how an interface after the first is set up: 1 for eth1.</summary>
    public void UseInterface(int number, InterfaceSetup setup)
    {
        ArgumentNullException.ThrowIfNull(setup);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, InternetInterface.Most);
        _furtherInterfaces[number] = setup;
    }

    /// <summary>Asks these DNS servers instead of those that DHCP and routers name, as in <c>UseNameServers("10.0.2.3", "2001:db8::53", "fe80::53%eth1")</c>.</summary>
    public void UseNameServers(params string[] servers)
    {
        ArgumentNullException.ThrowIfNull(servers);
        _nameServers = [.. servers.Select(static server => DnsServer.TryParse(server, out DnsServer parsed)
            ? parsed
            : throw new ArgumentException($"'{server}' is no DNS server's address, such as 10.0.2.3, fd00::53 or fe80::53%eth1.", nameof(servers)))];
    }

    /// <summary>Tries short names in these domains instead of those that DHCP and routers name.</summary>
    public void UseSearchDomains(params string[] domains)
    {
        ArgumentNullException.ThrowIfNull(domains);
        _searchDomains = [.. domains.Select(static domain => DnsName.Normalize(domain)
            ?? throw new ArgumentException($"'{domain}' is no domain, such as example.org.", nameof(domains)))];
    }

    /// <summary>
    /// Runs our own stack on a device of the caller's, such as one end of an <see cref="InProcessLink"/>, even hosted. Each call adds an interface.
    /// </summary>
    public void UseDevice(Func<ActorSystem, ActorRef<NetworkDeviceMessage>> device) => Devices.Add(device);
}
