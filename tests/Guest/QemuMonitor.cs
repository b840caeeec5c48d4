using System.Net.Sockets;
using System.Text;

namespace Troupe.Guest.Tests;

/// <summary>QEMU's monitor for people, on a Unix socket: asks it what it knows of a guest.</summary>
internal static class QemuMonitor
{
    private const string Prompt = "(qemu) ";

    // What a machine that says nothing any more can still be asked: what interrupts are pending and where each processor is. The NMI makes the kernel say so itself (Watchdog.cs).
    private static readonly string[] _questions = ["info lapic 0", "info lapic 1", "info registers -a", "nmi"];

    /// <summary>The answer to one command, its echo and the next prompt included.</summary>
    public static async Task<string> AskAsync(string path, string command)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using var patience = new CancellationTokenSource(Guest.Patience);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), patience.Token);
        await HearAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes(command + "\n"), patience.Token);
        return await HearAsync();

        async Task<string> HearAsync()
        {
            StringBuilder heard = new();
            var buffer = new byte[4096];
            while (!heard.ToString().EndsWith(Prompt, StringComparison.Ordinal))
            {
                var count = await socket.ReceiveAsync(buffer, patience.Token);
                Assert.True(count > 0, "QEMU closed its monitor.");
                heard.Append(Encoding.ASCII.GetString(buffer, 0, count).Replace("\r", string.Empty, StringComparison.Ordinal));
            }

            return heard.ToString();
        }
    }

    /// <summary>What QEMU says of a guest that has stopped answering; the guest's own report goes to its serial port.</summary>
    public static async Task<string> DescribeHangAsync(string path)
    {
        StringBuilder answers = new();
        foreach (var question in _questions)
        {
            try
            {
                // Instead of its echo, letter by letter.
                var answer = await AskAsync(path, question);
                answers.Append(question).Append(':').AppendLine(answer[answer.IndexOf('\n', StringComparison.Ordinal)..^Prompt.Length]);
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException)
            {
                answers.Append(question).Append(": ").AppendLine(exception.Message);
            }
        }

        return answers.ToString();
    }
}
