namespace Troupe.Verification.Fuzzing;

/// <summary>All targets, by name.</summary>
internal static class FuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new EthernetTarget(), new ArpTarget(), new Ipv4Target(), new Ipv6Target(), new IcmpTarget(), new Icmpv6Target(), new IgmpTarget(), new UdpTarget(), new TcpTarget(),
        new DhcpTarget(), new Dhcpv6Target(), new DnsNameTarget(), new DnsAnswerTarget(), new ResolverTarget(),
        new PvhTarget(), new FirmwareTablesTarget(), new PciTarget(), new PciBusTarget(), new MmioTarget(), new VirtqueueTarget(), new NetworkDeviceTarget(), new Rtl8139Target(), new XenNetworkTarget(), new XenBlockTarget(), new XenStoreTarget(),
        new StackTarget(),
        new AddressTextTarget(), new CommandLineTarget(),
    ];

    /// <summary>One with a bug in it, to see what a finding is like: by its name only.</summary>
    public static FuzzTarget Planted { get; } = new PlantedTarget();

    /// <summary>The target of this name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static FuzzTarget Find(string name) =>
        All.Append(Planted).FirstOrDefault(target => target.Name == name) ?? throw new ArgumentException($"There is no target '{name}'. There are: {string.Join(", ", All.Select(static target => target.Name))}.");
}
