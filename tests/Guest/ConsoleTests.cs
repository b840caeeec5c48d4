using System.Diagnostics;
using System.Text;
using Troupe.Tools.Commands;
using Troupe.Tools.Guests;
using Troupe.Tools.Workspace;

namespace Troupe.Guest.Tests;

/// <summary>What is typed at the serial line reaches <c>Console.In</c> of the program in the guest.</summary>
public sealed class ConsoleTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(GuestMachine.Q35, 1)]
    [InlineData(GuestMachine.Q35, 2)]
    [InlineData(GuestMachine.MicroVm, 2)]
    [InlineData(GuestMachine.MicroVm, 2, true)]
    public async Task ALineTypedIsALineRead(GuestMachine machine, int processors, bool acpi = false)
    {
        using var guest = Boot("console", options => options with { Machine = machine, Processors = processors, MicroVmAcpi = acpi });
        await guest.TypeAsync("first\n");
        await guest.SaysAsync("read 'first'");
        // As a terminal ends a line, and in characters of several bytes.
        await guest.TypeAsync("zwölf €\r");
        await guest.SaysAsync("read 'zwölf €'");
        await guest.TypeAsync(null);
        await guest.SaysAsync("the input ended after 2 lines of 12 characters; reading on gives -1");
        await guest.ExitsWithAsync(0);
    }

    [Fact]
    public async Task AProgramThatReadsLateLosesNothing()
    {
        // Many times what the queues on the way hold.
        const int Lines = 1000;
        using var guest = Boot("console 1000");
        await guest.TypeAsync(string.Concat(Enumerable.Repeat(new string('x', 99) + "\n", Lines)));
        await guest.TypeAsync(null);
        await guest.SaysAsync($"the input ended after {Lines} lines of {Lines * 99} characters");
        await guest.ExitsWithAsync(0);
    }

    [Fact]
    public async Task StandardInputOfTheCommandReachesTheGuest()
    {
        var (exitCode, output) = await RunAsync("typed\n");
        Assert.Contains("read 'typed'", output, StringComparison.Ordinal);
        Assert.Contains("the input ended after 1 lines", output, StringComparison.Ordinal);
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public async Task WithoutInputTheInputEndsAtOnce()
    {
        var (exitCode, output) = await RunAsync(string.Empty);
        Assert.Contains("the input ended after 0 lines", output, StringComparison.Ordinal);
        Assert.Equal(0, exitCode);
    }

    private static Guest Boot(string mode, Func<GuestOptions, GuestOptions>? with = null) => Guest.Boot("Apps/SelfTest", options =>
    {
        options = options with { CommandLine = mode, Network = new GuestNetwork(GuestNetworkKind.None) };
        return with?.Invoke(options) ?? options;
    });

    /// <summary>Runs the command with this as its whole standard input.</summary>
    private static async Task<(int ExitCode, string Output)> RunAsync(string input)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(TroupeCommand).Assembly.Location, "run", "Apps/SelfTest", "--cmdline", "console"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        start.Environment["TROUPE_ROOT"] = Repository.Locate().Root;
        using var run = Process.Start(start)!;
        try
        {
            await run.StandardInput.WriteAsync(input);
            run.StandardInput.Close();
            var output = await run.StandardOutput.ReadToEndAsync().WaitAsync(_patience);
            await run.WaitForExitAsync().WaitAsync(_patience);
            return (run.ExitCode, output);
        }
        finally
        {
            if (!run.HasExited)
            {
                run.Kill(entireProcessTree: true);
            }
        }
    }
}
