using System.Diagnostics;
using System.Globalization;
using Troupe.Tools.Commands;
using Troupe.Tools.Workspace;

namespace Troupe.Guest.Tests;

/// <summary><c>troupe run</c> and its guest live and die together. The guest waits for a debugger that never comes, so that it
/// ends for no reason of its own.</summary>
public sealed class RunLifetimeTests : IDisposable
{
    private const string Sigint = "-INT";
    private const string Sigterm = "-TERM";
    private const string Sigkill = "-KILL";

    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    private Process? _run;

    /// <summary>A test that fails leaves nothing behind either.</summary>
    public void Dispose()
    {
        if (_run is { HasExited: false })
        {
            _run.Kill(entireProcessTree: true);
            _run.WaitForExit();
        }

        _run?.Dispose();
    }

    [Theory]
    [InlineData(Sigint, 130)]
    [InlineData(Sigterm, 143)]
    [InlineData(Sigkill, 137)]
    public async Task TheGuestEndsWithTheCommand(string signal, int exitCode)
    {
        var run = StartWaitingGuest();
        var guest = await GuestOfAsync(run);
        Assert.Equal(0, (await HostProcess.CaptureAsync("kill", [signal, Number(run.Id)], CancellationToken.None)).ExitCode);
        await run.WaitForExitAsync().WaitAsync(_patience);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.True(await BecomesAsync(() => !Directory.Exists($"/proc/{guest}") || IsZombie(guest)), "QEMU outlived troupe.");
    }

    [Fact]
    public async Task TheDebuggersCommandIsPrinted()
    {
        var run = StartWaitingGuest();
        string? line;
        do
        {
            line = await run.StandardError.ReadLineAsync().WaitAsync(_patience);
        }
        while (line is not null && !line.Contains("gdb -ex", StringComparison.Ordinal));

        run.Kill();
        Assert.Matches(@"gdb -ex 'target remote localhost:\d+' .*SelfTest\.elf\.dbg", line);
    }

    private Process StartWaitingGuest()
    {
        // A shell starts what it puts into the background with SIGINT ignored, and a program leaves that as it is: these tests may run so.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", typeof(TroupeCommand).Assembly.Location, "run", "Apps/SelfTest", "--gdb"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["TROUPE_ROOT"] = Repository.Locate().Root;
        return _run = Process.Start(start)!;
    }

    /// <summary>QEMU's process: the child of troupe, once setpriv has become QEMU.</summary>
    private static async Task<int> GuestOfAsync(Process run)
    {
        var guest = 0;
        Assert.True(await BecomesAsync(() => (guest = Children(run.Id).FirstOrDefault(IsQemu)) != 0), "no guest was started.");
        return guest;
    }

    private static IEnumerable<int> Children(int process) =>
        Directory.EnumerateDirectories($"/proc/{process}/task")
            .Select(task => Path.Combine(task, "children"))
            .Where(File.Exists)
            .SelectMany(file => File.ReadAllText(file).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(word => int.Parse(word, CultureInfo.InvariantCulture));

    private static bool IsQemu(int process) =>
        File.Exists($"/proc/{process}/comm") && File.ReadAllText($"/proc/{process}/comm").StartsWith("qemu-system", StringComparison.Ordinal);

    /// <summary>Dead, and waiting for its parent to notice: where a container's first process does not reap.</summary>
    private static bool IsZombie(int process) => File.ReadAllText($"/proc/{process}/stat").Split(") ")[1][0] == 'Z';

    private static async Task<bool> BecomesAsync(Func<bool> condition)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < _patience; await Task.Delay(50))
        {
            try
            {
                if (condition())
                {
                    return true;
                }
            }
            catch (IOException)
            {
                // A process ended while it was looked at.
            }
        }

        return false;
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
