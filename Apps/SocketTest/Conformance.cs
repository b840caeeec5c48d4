using System.Globalization;
using System.Net.Sockets;

namespace Troupe.Apps.SocketTest;

/// <summary>Runs the cases one after another and prints what each answered. No line has a port, an address or a time in it.</summary>
internal static class Conformance
{
    private static readonly TimeSpan _longestCase = TimeSpan.FromSeconds(20);

    // What streams do is asked of each kind of stream.
    private static IEnumerable<(Transport Over, string Group, IEnumerable<(string, Func<Task<string>>)> Cases)> Groups =>
    [
        (Transport.Ipv4, "", [.. Streams, .. TcpCases.OfIpv4, .. EndCases.OfIpv4, .. OptionCases.All, .. ErrorCases.All, .. UdpCases.All, .. NameCases.All]),
        (Transport.Ipv6, "ipv6 ", [.. Streams, .. Ipv6Cases.All, .. Ipv6UdpCases.All]),
        (Transport.Mapped, "mapped ", Streams),
        (Transport.Ipv4, "", [.. UdpErrorCases.All, .. GroupCases.All]),
        (Transport.Unix, "unix ", [.. Streams, .. UnixCases.All]),
    ];

    private static IEnumerable<(string, Func<Task<string>>)> Streams => TcpCases.All.Concat(EndCases.All).Concat(WaitCases.All);

    public static async Task<int> RunAsync(string prefix)
    {
        int count = 0;
        foreach ((Transport over, string group, IEnumerable<(string, Func<Task<string>>)> cases) in Groups)
        {
            foreach ((string name, Func<Task<string>> run) in cases)
            {
                if (!(group + name).StartsWith(prefix, StringComparison.Ordinal))
                    continue;
                count++;
                Pair.Over = over;
                Console.WriteLine($"case {group}{name}: {await AnswerAsync(run)}");
            }
        }

        Console.WriteLine($"{count} cases");
        return 0;
    }

    /// <summary>What an action answers: its result, or the error it ends with.</summary>
    public static string Answer(Func<object?> action)
    {
        try
        {
            return Convert.ToString(action(), CultureInfo.InvariantCulture) ?? "null";
        }
        catch (Exception exception)
        {
            return Name(exception);
        }
    }

    public static string Answer(Action action) => Answer(() =>
    {
        action();
        return "done";
    });

    public static async Task<string> AnswerAsync(Func<Task<string>> run)
    {
        try
        {
            // A case that blocks its thread must not stop the run.
            return await Task.Run(run).WaitAsync(_longestCase);
        }
        catch (TimeoutException)
        {
            return "no answer";
        }
        catch (Exception exception)
        {
            return Name(exception);
        }
    }

    private static string Name(Exception exception) => exception switch
    {
        SocketException socket => $"SocketError.{socket.SocketErrorCode}",
        { InnerException: SocketException socket } => $"{exception.GetType().Name} SocketError.{socket.SocketErrorCode}",
        _ => exception.GetType().Name,
    };
}
