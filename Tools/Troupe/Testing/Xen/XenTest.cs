using System.Diagnostics;
using System.Globalization;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;
using Troupe.Tools.Xen;

namespace Troupe.Tools.Testing.Xen;

/// <summary><c>troupe test xen</c>: the unchanged images as domains of Xen, emulated, beside a Linux as first domain.</summary>
internal sealed class XenTest(Repository repository, string? only)
{
    private const int Requests = 200;
    private const string HelloWords = $"ip={DomainZeroScripts.GuestAddress}/24 gateway={DomainZeroScripts.HostAddress}";
    private const string Page = $"{DomainZeroScripts.GuestAddress} 8080";

    // How long an emulated machine on a busy host may take to come up and do its work.
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(5);

    private readonly List<string> _failures = [];

    /// <summary>Runs them and says by its exit code whether all held.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var selfTest = await BuildAsync("Apps/SelfTest", cancellation).ConfigureAwait(false);
        var hello = await BuildAsync("Apps/Hello", cancellation).ConfigureAwait(false);
        var machine = new XenMachine(await new XenEnvironment(repository).EnsureAsync(cancellation).ConfigureAwait(false));
        var passed = 0;
        foreach (var (name, options, check) in Cases(selfTest.Elf, hello.Elf).Where(test => only is null || test.Name.Contains(only, StringComparison.Ordinal)))
        {
            passed += await TestAsync(machine, name, options, check, cancellation).ConfigureAwait(false) ? 1 : 0;
        }

        _failures.ForEach(Console.WriteLine);
        Console.WriteLine($"{passed} passed, {_failures.Count} failed");
        return _failures.Count == 0 && passed > 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static IEnumerable<(string Name, XenGuestOptions Options, Action<IReadOnlyList<string>> Check)> Cases(string selfTest, string hello)
    {
        foreach (var processors in (int[])[1, 2])
        {
            yield return (
                $"the self-test's ladder, {processors} processor{(processors == 1 ? string.Empty : "s")}",
                new XenGuestOptions { Image = selfTest, Processors = processors, CommandLine = "ladder", Network = false },
                lines =>
                {
                    Require(lines, $"{DomainZeroScripts.ConsoleMark}[kernel] {processors} processor");
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
                Require(lines, $"{DomainZeroScripts.OwnMark}crashed");
            }
        );
        yield return (
            "HTTP over the bridge, then xl shutdown",
            new XenGuestOptions { Image = hello, CommandLine = HelloWords, Meanwhile = Load("poweroff", "xl shutdown guest") },
            lines =>
            {
                Require(lines, $"{DomainZeroScripts.ConsoleMark}[kernel] 2 processors");
                Require(lines, $"{DomainZeroScripts.OwnMark}answered {Requests} of {Requests}");
                Require(lines, $"{DomainZeroScripts.ConsoleMark}the toolstack asks for 'poweroff'.");
                Require(lines, $"{DomainZeroScripts.ConsoleMark}[kernel] exit code 0");
            }
        );
    }

    /// <summary>Waits for the first page, asks for as many as are counted, and has the guest end.</summary>
    private static string Load(string word, string command) => $$"""
        i=0; until [ "$(bash /bin/load.bash {{Page}} 1)" = 1 ]; do i=$((i+1)); [ $i -gt 120 ] && break; sleep 1; done
        start=$(cut -d. -f1 /proc/uptime)
        say "answered $(bash /bin/load.bash {{Page}} {{Requests}}) of {{Requests}} in $(( $(cut -d. -f1 /proc/uptime) - start )) s"
        say "asking for {{word}}"
        {{command}} >/dev/null 2>&1
        """;

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
        foreach (var line in lines.Where(line => line.StartsWith(DomainZeroScripts.OwnMark + "answered", StringComparison.Ordinal)))
        {
            Output.Say($"xen: {line}");
        }

        if (failure is not null)
        {
            _failures.Add($"FAILED {name}: {failure}{string.Concat(lines.TakeLast(60).Select(line => "\n    " + line))}");
        }

        return failure is null;
    }

    private static void Require(IReadOnlyList<string> lines, string expected)
    {
        if (!lines.Any(line => line.Contains(expected, StringComparison.Ordinal)))
        {
            throw new UserError($"no line has '{expected}'");
        }
    }

    private Task<Image> BuildAsync(string app, CancellationToken cancellation) => new ImageBuild(repository).EnsureAsync(repository.FindApp(app), force: false, cancellation);
}
