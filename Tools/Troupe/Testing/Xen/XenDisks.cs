using System.Buffers.Binary;
using System.Globalization;
using System.Text.RegularExpressions;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;
using Troupe.Tools.Xen;

namespace Troupe.Tools.Testing.Xen;

/// <summary>The disks of the cases that have some, made anew for each run, and what has to be in their files at the end.</summary>
internal sealed partial class XenDisks : IDisposable
{
    /// <summary>How often the guest boots on its disks, in one run of the first domain.</summary>
    public const int Boots = 2;

    /// <summary>What the first domain does meanwhile: when the guest has ended, it is there once more.</summary>
    public const string BootAgain = "while xl list guest >/dev/null 2>&1; do sleep 1; done\nxl create -q /guest/configuration 2>/tmp/create || { cat /tmp/create; say \"xl create failed\"; }";

    /// <summary>Begins what the self-test says of each queue of its first disk, in each boot.</summary>
    public const string QueueMark = $"{DomainZeroScripts.ConsoleMark}sectors: queue ";

    private const int Processors = 2;

    private readonly string _folder = Directory.CreateTempSubdirectory("troupe-xen-disks-").FullName;

    /// <summary>A disk that the self-test writes sector by sector, and the larger one of its store: Apps/SelfTest/Disks.cs.</summary>
    public IReadOnlyList<string> Raw { get; private set; } = [];

    /// <summary>A disk with a file system that Linux made.</summary>
    public string Ext4 => Path.Combine(_folder, "ext4");

    /// <summary>Makes them.</summary>
    public async Task CreateAsync(CancellationToken cancellation)
    {
        await SystemPackages.RequireAsync(SystemPackages.FileSystems, cancellation).ConfigureAwait(false);
        Raw = [Zeros("sectors", 1 << 20), Zeros("store", 4 << 20)];
        var content = Directory.CreateDirectory(Path.Combine(_folder, "content")).FullName;
        await File.WriteAllTextAsync(Path.Combine(content, "from linux"), "hello, guest", cancellation).ConfigureAwait(false);
        await RunAsync("mke2fs", ["-q", "-t", "ext4", "-d", content, Ext4, "32M"], cancellation).ConfigureAwait(false);
    }

    /// <summary>Whether the first disk's file holds what the self-test's last boot wrote, sector by sector.</summary>
    public void CheckRaw()
    {
        var bytes = File.ReadAllBytes(Raw[0]);
        for (var at = 0; at < bytes.Length; at += sizeof(long))
        {
            var expected = at == 0 ? Boots : (Boots * 1_000_003L) + at;
            if (BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at)) != expected)
            {
                throw new UserError($"byte {at} of the disk's file is not what the guest wrote");
            }
        }
    }

    /// <summary>Whether in each boot each queue, one for each processor, ended requests and had events.</summary>
    public static void CheckQueues(IReadOnlyList<string> lines)
    {
        for (var queue = 0; queue < Processors; queue++)
        {
            // Of 96 batches of four requests, eight at a time, some are in each; the flushes behind them are in the first.
            var used = lines.Select(line => Queue().Match(line)).Count(match => match.Success && Number(match, 1) == queue && Number(match, 2) >= 4 && Number(match, 3) > 0);
            if (used != Boots)
            {
                throw new UserError($"queue {queue} of {Processors} of the disk was used in {used} of {Boots} boots");
            }
        }
    }

    /// <summary>Whether Linux's tools find the file system whole, and the number of the last boot in it.</summary>
    public void CheckExt4()
    {
        RunAsync("e2fsck", ["-fn", Ext4], CancellationToken.None).GetAwaiter().GetResult();
        var boots = Path.Combine(_folder, "boots");
        RunAsync("debugfs", ["-R", $"dump /boots {boots}", Ext4], CancellationToken.None).GetAwaiter().GetResult();
        if (File.ReadAllText(boots) is var text && text != $"{Boots}")
        {
            throw new UserError($"Linux reads '{text}' where the guest wrote {Boots}");
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex($"^{QueueMark}([0-9]+): ([0-9]+) requests, ([0-9]+) interrupts")]
    private static partial Regex Queue();

    private string Zeros(string name, int length)
    {
        var file = Path.Combine(_folder, name);
        using var disk = File.Create(file);
        disk.SetLength(length);
        return file;
    }

    private static async Task RunAsync(string program, string[] arguments, CancellationToken cancellation)
    {
        var result = await HostProcess.CaptureAsync($"/usr/sbin/{program}", arguments, cancellation).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            throw new UserError($"{program} says: {result.Output}");
        }
    }
}
