using System.Globalization;
using System.Net.Sockets;
using Troupe.Tools.Guests;
using Troupe.Tools.Workspace;

namespace Troupe.Guest.Tests;

/// <summary>gdb, attached as <c>troupe run --gdb</c> says, stops on lines of C# source in the kernel and in the app.</summary>
public sealed class DebuggerTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("Smp/Kernel/CommandLine.cs", "_quiet = true;")]
    [InlineData("Apps/SelfTest/Program.cs", "\"ladder\" =>")]
    public async Task StopsOnALineOf(string file, string text)
    {
        var repository = Repository.Locate();
        var number = 1 + Array.FindIndex(await File.ReadAllLinesAsync(Path.Combine(repository.Root, file)), line => line.Contains(text, StringComparison.Ordinal));
        Assert.NotEqual(0, number);
        var place = string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(file)}:{number}");
        var port = PortForward.FreePort();
        using var guest = Guest.Boot("Apps/SelfTest", options => options with { CommandLine = "kernel.quiet ladder", DebuggerPort = port });
        var symbols = new ImageBuild(repository).ImageOf(repository.FindApp("Apps/SelfTest")).Symbols;
        using var limit = new CancellationTokenSource(_patience);
        await ListensAsync(port, limit.Token);
        // hbreak: there is no program in memory to put a breakpoint into before the firmware has run.
        var session = await HostProcess.CaptureAsync(
            "gdb",
            ["-batch", "-nx", "-ex", $"target remote 127.0.0.1:{port}", "-ex", $"hbreak {place}", "-ex", "continue", "-ex", "backtrace 1", "-ex", "kill", symbols],
            limit.Token);
        Assert.Contains("hit Breakpoint 1", session.Output, StringComparison.Ordinal);
        Assert.Matches($@"#0 .* at \S*{file}:{number}\b", session.Output);
    }

    /// <summary>Each trap stack of the first processor ends in a page that is not mapped: an overflow there is a double fault, and not a silent write into the next.</summary>
    [Fact]
    public async Task TheTrapStacksOfTheFirstProcessorHaveGuardPages()
    {
        const int Stacks = 4, Guard = 4096, Stack = 16384;
        var repository = Repository.Locate();
        var port = PortForward.FreePort();
        using var guest = Guest.Boot("Apps/SelfTest", options => options with { CommandLine = "kernel.quiet ladder", DebuggerPort = port });
        var symbols = new ImageBuild(repository).ImageOf(repository.FindApp("Apps/SelfTest")).Symbols;
        using var limit = new CancellationTokenSource(_patience);
        await ListensAsync(port, limit.Token);
        List<string> arguments = ["-batch", "-nx", "-ex", $"target remote 127.0.0.1:{port}", "-ex", "hbreak _start", "-ex", "continue"];
        for (var index = 0; index < Stacks; index++)
        {
            var guard = index * (Guard + Stack);
            arguments.AddRange(["-ex", $"echo guard{index}=", "-ex", $"x/1xg (char*)&boot_trap_stacks + {guard + Guard - 8}"]);
            arguments.AddRange(["-ex", $"echo bottom{index}=", "-ex", $"x/1xg (char*)&boot_trap_stacks + {guard + Guard}"]);
            arguments.AddRange(["-ex", $"echo top{index}=", "-ex", $"x/1xg (char*)&boot_trap_stacks + {guard + Guard + Stack - 8}"]);
        }

        arguments.AddRange(["-ex", "kill", symbols]);
        var session = await HostProcess.CaptureAsync("gdb", arguments, limit.Token);
        var said = session.Output;
        Assert.Contains("hit Breakpoint 1", said, StringComparison.Ordinal);
        for (var index = 0; index < Stacks; index++)
        {
            Assert.DoesNotMatch($@"guard{index}=0x\w+:\s+0x", said);
            Assert.Matches($@"bottom{index}=0x\w+:\s+0x", said);
            Assert.Matches($@"top{index}=0x\w+:\s+0x", said);
        }

        Assert.Equal(Stacks, System.Text.RegularExpressions.Regex.Count(said, "Cannot access memory"));
    }

    /// <summary>Waits until somebody listens, without connecting: QEMU's stub takes one visitor.</summary>
    private static async Task ListensAsync(int port, CancellationToken cancellation)
    {
        while (true)
        {
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            probe.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            try
            {
                probe.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, port));
            }
            catch (SocketException)
            {
                return;
            }

            probe.Dispose();
            await Task.Delay(50, cancellation);
        }
    }
}
