using System.CommandLine;
using System.Globalization;
using Troupe.Tools.Guests;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Commands;

/// <summary>The options that describe a guest.</summary>
public sealed class GuestSymbols
{
    /// <summary>What QEMU's q35 offers with our settings, and more than anyone can emulate usefully.</summary>
    public const int MostProcessors = 64;

    /// <summary>Below this QEMU's own firmware has no room.</summary>
    public const int LeastMemory = 16;

    /// <summary>1 TB.</summary>
    public const int MostMemory = 1024 * 1024;

    /// <summary>More than a q35 of QEMU has free places for; a microvm has fewer, and says so itself.</summary>
    public const int MostCards = 16;

    private readonly Option<int> _cpus = Number("--cpus", "-c", "virtual processors", 1, MostProcessors, usual: 2);

    private readonly Option<int> _memory = Number("--memory", "-m", "megabytes of memory", LeastMemory, MostMemory, usual: 256);

    private readonly Option<string> _machine = new("--machine")
    {
        Description = "The machine; xen: a domain of Xen, which is built when it is first asked for.",
        DefaultValueFactory = _ => "q35",
    };

    private readonly Option<string> _bios = new("--bios")
    {
        Description = "The firmware of a q35.",
        DefaultValueFactory = _ => "qboot",
    };

    private readonly Option<bool> _acpi = new("--acpi")
    {
        Description = "Let a microvm describe itself through ACPI instead of the kernel's command line.",
    };

    private readonly Option<string> _cpuModel = new("--cpu-model")
    {
        Description = "QEMU's CPU model.",
        HelpName = "MODEL",
        DefaultValueFactory = _ => "max,-erms",
    };

    private readonly Option<string[]> _ports = new("-p", "--publish")
    {
        Description = "Forward a port of this host's loopback address to the guest; may be repeated.",
        HelpName = "HOST:GUEST",
    };

    private readonly Option<string> _commandLine = new("--cmdline")
    {
        Description = "The kernel's command line; words the kernel does not take go to Main.",
        HelpName = "TEXT",
        DefaultValueFactory = _ => string.Empty,
    };

    private readonly Option<string?> _capture = new("--pcap") { Description = "Record every frame on the guest's network.", HelpName = "FILE" };

    private readonly Option<string[]> _networks = new("--net")
    {
        Description = "The guest's network: QEMU's own (user), a tap of this host (tap=NAME), or none; repeated, a further card each.",
        HelpName = "user|tap=NAME|none",
        DefaultValueFactory = _ => ["user"],
    };

    private readonly Option<string> _nic = new("--nic")
    {
        Description = "The kind of the guest's network cards; rtl8139: physical hardware, emulated, on a q35 only.",
        HelpName = "virtio|rtl8139",
        DefaultValueFactory = _ => "virtio",
    };

    private readonly Option<string[]> _disks = new("--disk")
    {
        Description = "A disk of the guest: a file of this host, byte for byte; may be repeated.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _channels = new("--channel")
    {
        Description = "A console port of the guest; a program of this host talks to it through the Unix socket. May be repeated.",
        HelpName = "NAME=SOCKET",
    };

    /// <summary>Creates the options.</summary>
    public GuestSymbols()
    {
        _machine.AcceptOnlyFromAmong("q35", "microvm", "xen");
        _bios.AcceptOnlyFromAmong("qboot", "seabios");
    }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_cpus, _memory, _machine, _bios, _acpi, _cpuModel, _ports, _commandLine, _capture, _networks, _nic, _disks, _channels])
        {
            command.Add(option);
        }
    }

    /// <summary>Reads the options; the image comes later.</summary>
    public Func<string, GuestOptions> Read(ParseResult result)
    {
        var forwards = (result.GetValue(_ports) ?? []).Select(PortForward.Parse).ToList();
        var networks = result.GetRequiredValue(_networks).Select(Network).ToList();
        var network = networks[0];
        if (networks.Count > 1 && networks.Exists(static one => one.Kind == GuestNetworkKind.None))
        {
            throw new UserError("--net none takes the network away, and does not go with another --net.");
        }

        if (networks.Count > MostCards)
        {
            throw new UserError($"--net stands there {networks.Count} times; a guest has {MostCards} cards at most.");
        }

        if (forwards.Count > 0 && network.Kind != GuestNetworkKind.User)
        {
            throw new UserError("-p needs --net user.", "On a tap the guest has an address of its own; ask it there. Of several networks, the first is the one that ports lead to.");
        }

        var capture = result.GetValue(_capture);
        if (capture is not null && network.Kind == GuestNetworkKind.None)
        {
            throw new UserError("--pcap records the network, and --net none takes it away.");
        }

        if (capture is not null && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(capture))))
        {
            throw new UserError($"the directory of '{capture}' does not exist.");
        }

        var nic = Nic(result.GetRequiredValue(_nic), result.GetRequiredValue(_machine));
        var disks = GuestDisks.Check(result.GetValue(_disks) ?? []);
        var channels = GuestChannel.Parse(result.GetValue(_channels) ?? []);
        return image => new GuestOptions
        {
            Image = image,
            Processors = result.GetValue(_cpus),
            Memory = result.GetValue(_memory),
            Machine = result.GetValue(_machine) switch { "microvm" => GuestMachine.MicroVm, "xen" => GuestMachine.Xen, _ => GuestMachine.Q35 },
            Firmware = result.GetValue(_bios) == "seabios" ? GuestFirmware.SeaBios : GuestFirmware.Qboot,
            MicroVmAcpi = result.GetValue(_acpi),
            CpuModel = result.GetRequiredValue(_cpuModel),
            Network = network,
            Nic = nic,
            FurtherNetworks = networks[1..],
            Disks = disks,
            Channels = channels,
            Forwards = forwards,
            CommandLine = result.GetRequiredValue(_commandLine),
            CaptureFile = capture,
        };
    }

    private static GuestNetwork Network(string text) => text switch
    {
        "user" => GuestNetwork.User,
        "none" => new GuestNetwork(GuestNetworkKind.None),
        _ when text.StartsWith("tap=", StringComparison.Ordinal) => Tap(text["tap=".Length..]),
        _ => throw new UserError($"'{text}' is no network.", "Write --net user, --net tap=NAME or --net none."),
    };

    private static GuestNic Nic(string text, string machine) => text switch
    {
        "virtio" => GuestNic.Virtio,
        "rtl8139" when machine == "q35" => GuestNic.Rtl8139,
        "rtl8139" => throw new UserError($"--nic rtl8139 is a card on PCI, and --machine {machine} has none.", "Leave --machine out: a q35 has PCI."),
        _ => throw new UserError($"'{text}' is no network card.", "Write --nic virtio or --nic rtl8139."),
    };

    private static GuestNetwork Tap(string name) => Directory.Exists($"/sys/class/net/{name}") && name.Length > 0
        ? new GuestNetwork(GuestNetworkKind.Tap, name)
        : throw new UserError(
            $"this host has no network interface '{name}'.",
            $"Make one: ip tuntap add mode tap name {(name.Length > 0 ? name : "NAME")} && ip link set dev {(name.Length > 0 ? name : "NAME")} up");

    private static Option<int> Number(string name, string alias, string unit, int least, int most, int usual) => new(name, alias)
    {
        Description = $"{char.ToUpperInvariant(unit[0])}{unit[1..]}, {least} to {most}.",
        HelpName = "N",
        DefaultValueFactory = _ => usual,
        CustomParser = result =>
        {
            var text = result.Tokens[^1].Value;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
            {
                return value;
            }

            result.AddError($"{name} is '{text}'; it must be a whole number of {unit} from {least} to {most}.");
            return usual;
        },
    };
}
