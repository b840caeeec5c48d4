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
