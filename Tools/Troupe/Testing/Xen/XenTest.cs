using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;
using Troupe.Tools.Xen;

namespace Troupe.Tools.Testing.Xen;

/// <summary><c>troupe test xen</c>: the unchanged images as domains of Xen, emulated, beside a Linux as first domain.</summary>
internal sealed class XenTest(Repository repository, string? only)
{
    private const int Connections = 200, Requests = 10_000, RequestsAtATime = 16;
    private const string HelloWords = $"ip={DomainZeroScripts.GuestAddress}/24 gateway={DomainZeroScripts.HostAddress}";
    private const string Page = $"http://{DomainZeroScripts.GuestAddress}:8080/";

    private const string WaitForPage = $"i=0; until ab -q -n 1 -s 60 {Page} >/dev/null 2>&1; do i=$((i+1)); [ $i -gt 120 ] && break; sleep 1; done";
    private const string ShowConsole = $"{{ sleep 3; }} | timeout 6 xl console guest | sed 's/^/{DomainZeroScripts.OwnMark}xl console: /'";

    // include/xen/sched.h, SHUTDOWN_*
    private const int ReasonPowerOff = 0, ReasonReboot = 1, ReasonCrash = 3;

    // How long an emulated machine on a busy host may take to come up and do its work.
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(8);

    private readonly List<string> _failures = [];

    /// <summary>Runs them and says by its exit code whether all held.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        using var disks = new XenDisks();
        await disks.CreateAsync(cancellation).ConfigureAwait(false);
        var build = new ImageBuild(repository);
        var (selfTest, hello, benchmark) = (repository.FindApp("Apps/SelfTest"), repository.FindApp("Apps/Hello"), repository.FindApp("Apps/Benchmark"));
        var cases = Cases(build.ImageOf(selfTest).Elf, build.ImageOf(hello).Elf, disks).Concat(XenTransfers.Cases(build.ImageOf(benchmark).Elf, HelloWords, WaitForPage)).Where(test => only is null || test.Name.Contains(only, StringComparison.Ordinal)).ToList();
        foreach (var app in new[] { selfTest, hello, benchmark })
        {
            if (cases.Any(test => test.Options.Image == build.ImageOf(app).Elf))
            {
                await build.EnsureAsync(app, force: false, cancellation).ConfigureAwait(false);
            }
        }

        var machine = new XenMachine(await new XenEnvironment(repository).EnsureAsync(cancellation).ConfigureAwait(false));
        var passed = 0;
        foreach (var (name, options, check) in cases)
        {
            passed += await TestAsync(machine, name, options, check, cancellation).ConfigureAwait(false) ? 1 : 0;
        }

        _failures.ForEach(Console.WriteLine);
        Console.WriteLine($"{passed} passed, {_failures.Count} failed");
        return _failures.Count == 0 && passed > 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static IEnumerable<(string Name, XenGuestOptions Options, Action<IReadOnlyList<string>> Check)> Cases(string selfTest, string hello, XenDisks disks)
    {
        foreach (var processors in (int[])[1, 2])
        {
            yield return (
                $"the self-test's ladder, {processors} processor{(processors == 1 ? string.Empty : "s")}",
                new XenGuestOptions { Image = selfTest, Processors = processors, CommandLine = "ladder", Network = false },
                lines =>
                {
                    Require(lines, $"{DomainZeroScripts.ConsoleMark}[kernel] {processors} processor");
                    // Xen's clock is a record of each processor's own.
                    Require(lines, "clock is the kernel's, by system calls");
                    Require(lines, $"{DomainZeroScripts.ConsoleMark}self-test ladder: passed");
                    Require(lines, $"{DomainZeroScripts.ConsoleMark}[kernel] exit code 0");
                }
            );
        }

        yield return (
            "a panic is in Xen's log and on the console",
            new XenGuestOptions { Image = selfTest, CommandLine = "fault overflow", Network = false },
            lines =>
            {
                Require(lines, $"{DomainZeroScripts.ConsoleMark}KERNEL PANIC: ");
                Require(lines, "(d1) KERNEL PANIC: ");
                Require(lines, ShutDown(ReasonCrash));
            }
        );
        yield return (
            "disks: what a boot left the next one finds, and the host",
            new XenGuestOptions { Image = selfTest, CommandLine = "disk", Network = false, Disks = disks.Raw, Meanwhile = XenDisks.BootAgain },
            lines =>
            {
                for (var boot = 0; boot < XenDisks.Boots; boot++)
                {
                    Require(lines, $"sectors: 2048 of 2048 are as boot {boot} left them");
                    Require(lines, $"sectors: boot {boot + 1} reads back what it wrote");
                    Require(lines, $"store: 100 of 100 values are as boot {boot} left them");
                }

                XenDisks.CheckQueues(lines);
                disks.CheckRaw();
            }
        );
        yield return (
            "disks: files that Linux made and checks",
            new XenGuestOptions { Image = selfTest, CommandLine = "files", Network = false, Disks = [disks.Ext4], Meanwhile = XenDisks.BootAgain },
            lines =>
            {
                Require(lines, "files: Linux left 'hello, guest'");
                Require(lines, "files: 20 of 20 are as boot 1 left them");
                Require(lines, "files: boot 2 replayed 1 transactions");
                disks.CheckExt4();
            }
        );
        yield return (
            "HTTP over the bridge, then xl shutdown",
            new XenGuestOptions { Image = hello, CommandLine = HelloWords, Meanwhile = $"{WaitForPage}\n{Ask(Connections, 1)}\n{Ask(Requests, RequestsAtATime)}\n{ShowConsole}\nxl shutdown guest >/dev/null" },
            lines =>
            {
                Require(lines, $"{DomainZeroScripts.ConsoleMark}[kernel] 2 processors");
                Answered(lines, Connections);
                Answered(lines, Requests);
                Require(lines, $"{DomainZeroScripts.OwnMark}xl console: [kernel] 2 processors");
                Require(lines, $"{DomainZeroScripts.ConsoleMark}the toolstack asks for 'poweroff'.");
                Require(lines, $"{DomainZeroScripts.ConsoleMark}[kernel] exit code 0");
                Require(lines, ShutDown(ReasonPowerOff));
            }
        );
        yield return (
            "xl reboot",
            new XenGuestOptions { Image = hello, CommandLine = HelloWords, Meanwhile = $"{WaitForPage}\nxl reboot guest >/dev/null" },
            lines =>
            {
                Require(lines, $"{DomainZeroScripts.ConsoleMark}the toolstack asks for 'reboot'.");
                Require(lines, ShutDown(ReasonReboot));
            }
        );
        yield return (
            "xl destroy under requests",
            new XenGuestOptions { Image = hello, CommandLine = HelloWords, Meanwhile = $"{WaitForPage}\nab -q -l -s 5 -n {Requests} -c {RequestsAtATime} {Page} >/dev/null 2>&1 &\nsleep 3\nxl destroy guest\nkill $!" },
            lines => Require(lines, $"{DomainZeroScripts.OwnMark}xl: Domain 1 has been destroyed.")
        );
    }

    /// <summary>What xl writes of a domain that ended by itself.</summary>
    private static string ShutDown(int reason) => $"{DomainZeroScripts.OwnMark}xl: Domain 1 has shut down, reason code {reason} ";

    private static string Ask(int requests, int atATime) =>
        $"ab -q -l -s 60 -n {requests} -c {atATime} {Page} 2>&1 | grep -E '^(Complete|Failed|Non-2xx|Time taken|Total of)|apr_' | sed 's/^/{DomainZeroScripts.OwnMark}ab: /'";

    /// <summary>All of them, none by an error or with another status than success: ab has lines for those only where there are any.</summary>
    private static void Answered(IReadOnlyList<string> lines, int requests)
    {
        const string Mark = $"{DomainZeroScripts.OwnMark}ab: ";
        var start = lines.ToList().FindIndex(line => Regex.IsMatch(line, $"^{Mark}Complete requests: +{requests}$"));
        if (start < 0 || !Regex.IsMatch(lines[start + 1], $"^{Mark}Failed requests: +0$") || (start + 2 < lines.Count && lines[start + 2].StartsWith($"{Mark}Non-2xx", StringComparison.Ordinal)))
        {
            throw new UserError($"not all of {requests} requests were answered");
        }
    }

    private async Task<bool> TestAsync(XenMachine machine, string name, XenGuestOptions options, Action<IReadOnlyList<string>> check, CancellationToken cancellation)
    {
        List<string> lines = [];
        var clock = Stopwatch.StartNew();
        string? failure = null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_longest);
        try
        {
            await machine.RunAsync(options, lines.Add, limit.Token).ConfigureAwait(false);
            check(lines);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            failure = $"not at its end after {_longest.TotalMinutes} minutes";
        }
        catch (UserError error)
        {
            failure = error.Message;
        }

        var took = clock.Elapsed.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        Output.Say($"xen: {name}: {(failure is null ? "passed" : "FAILED")} in {took} s");
        foreach (var line in lines.Where(line => line.StartsWith(DomainZeroScripts.OwnMark + "ab: ", StringComparison.Ordinal) || line.StartsWith(XenTransfers.Mark, StringComparison.Ordinal) || line.StartsWith(XenDisks.QueueMark, StringComparison.Ordinal)))
        {
            Output.Say($"xen: {line}");
        }

        if (failure is not null)
        {
            _failures.Add($"FAILED {name}: {failure}{string.Concat(lines.TakeLast(60).Select(line => "\n    " + line))}");
        }

        return failure is null;
    }

    /// <summary>Fails unless a line has what is expected.</summary>
    internal static void Require(IReadOnlyList<string> lines, string expected)
    {
        if (!lines.Any(line => line.Contains(expected, StringComparison.Ordinal)))
        {
            throw new UserError($"no line has '{expected}'");
        }
    }
}
