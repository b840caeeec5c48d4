namespace Troupe.Tools.Guests;

/// <summary>The kinds of machine that QEMU can be.</summary>
public enum GuestMachine
{
    /// <summary>PCI Express, ACPI: what a cloud offers.</summary>
    Q35,

    /// <summary>virtio-mmio and little else: what Firecracker offers.</summary>
    MicroVm,

    /// <summary>A domain of Xen, which runs in a q35 beside a Linux: <see cref="Troupe.Tools.Xen.XenMachine"/>.</summary>
    Xen,
}

/// <summary>The firmware of a q35.</summary>
public enum GuestFirmware
{
    /// <summary>Boots a kernel and nothing else, quickly.</summary>
    Qboot,

    /// <summary>The BIOS of most virtual machines.</summary>
    SeaBios,
}

/// <summary>How the guest is connected.</summary>
public enum GuestNetworkKind
{
    /// <summary>QEMU's own network, with ports of this host forwarded; needs no privileges.</summary>
    User,

    /// <summary>A tap of this host.</summary>
    Tap,

    /// <summary>Frames as datagrams between two Unix sockets, for a program that stands between the guest and its peer.</summary>
    Datagrams,

    /// <summary>No network device at all.</summary>
    None,
}

/// <summary>The kind of network card.</summary>
public enum GuestNic
{
    /// <summary>virtio-net, on the machine's own bus.</summary>
    Virtio,

    /// <summary>The RTL8139, on PCI: physical hardware, as QEMU emulates it.</summary>
    Rtl8139,
}

/// <summary>How the guest is connected, with the tap's name where there is one.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Tap">The tap's name.</param>
/// <param name="OwnSocket">With datagrams, the Unix socket that QEMU makes.</param>
/// <param name="PeerSocket">With datagrams, the one it sends to.</param>
public sealed record GuestNetwork(GuestNetworkKind Kind, string? Tap = null, string? OwnSocket = null, string? PeerSocket = null)
{
    /// <summary>Queue pairs of a virtio card on PCI; with more than one, the tap has to be one with several queues.</summary>
    public int QueuePairs { get; init; } = 1;

    /// <summary>The default.</summary>
    public static readonly GuestNetwork User = new(GuestNetworkKind.User);
}

/// <summary>Everything that decides what a guest is.</summary>
public sealed record GuestOptions
{
    /// <summary>The ELF to boot.</summary>
    public required string Image { get; init; }

    /// <summary>The machine.</summary>
    public GuestMachine Machine { get; init; } = GuestMachine.Q35;

    /// <summary>The firmware, on a q35.</summary>
    public GuestFirmware Firmware { get; init; } = GuestFirmware.Qboot;

    /// <summary>Whether a microvm describes itself through ACPI instead of the kernel's command line.</summary>
    public bool MicroVmAcpi { get; init; }

    /// <summary>QEMU's CPU model.</summary>
    public string CpuModel { get; init; } = "max,-erms";

    /// <summary>Virtual processors.</summary>
    public int Processors { get; init; } = 2;

    /// <summary>Whether time is the number of instructions executed, one a nanosecond; then only one processor runs at a time.</summary>
    public bool CountsInstructions { get; init; }

    /// <summary>Memory in MB.</summary>
    public int Memory { get; init; } = 256;

    /// <summary>The network.</summary>
    public GuestNetwork Network { get; init; } = GuestNetwork.User;

    /// <summary>The kind of all network cards; on a q35 only, anything but virtio.</summary>
    public GuestNic Nic { get; init; } = GuestNic.Virtio;

    /// <summary>The networks of further cards: eth1, eth2.</summary>
    public IReadOnlyList<GuestNetwork> FurtherNetworks { get; init; } = [];

    /// <summary>Forwarded ports, for the user network of the first card.</summary>
    public IReadOnlyList<PortForward> Forwards { get; init; } = [];

    /// <summary>Files that are the guest's disks, byte for byte: the first is its first block device.</summary>
    public IReadOnlyList<string> Disks { get; init; } = [];

    /// <summary>Ports of a virtio console device, which there is if there are any.</summary>
    public IReadOnlyList<GuestChannel> Channels { get; init; } = [];

    /// <summary>The kernel's command line.</summary>
    public string CommandLine { get; init; } = string.Empty;

    /// <summary>Whether there is a virtio entropy device.</summary>
    public bool EntropyDevice { get; init; } = true;

    /// <summary>Where every frame on the first card's network is recorded, or null; those of eth1 are beside it, in FILE.eth1.</summary>
    public string? CaptureFile { get; init; }

    /// <summary>The port of the debugger's stub, at which the guest waits before its first instruction; or null.</summary>
    public int? DebuggerPort { get; init; }

    /// <summary>The Unix socket of QEMU's monitor, or null.</summary>
    public string? MonitorSocket { get; init; }

    /// <summary>Further arguments for QEMU, as they are.</summary>
    public IReadOnlyList<string> Extra { get; init; } = [];
}
