using System.Globalization;
using System.Net.Sockets;

namespace Troupe.Apps.SocketTest;

/// <summary>Runs the cases one after another and prints what each answered. No line has a port, an address or a time in it.</summary>
internal static class Conformance
{
    private static readonly TimeSpan _longestCase = TimeSpan.FromSeconds(20);

    public static async Task<int> RunAsync(string prefix)
    {
        int count = 0;
        foreach ((string name, Func<Task<string>> run) in TcpCases.All.Concat(EndCases.All).Concat(OptionCases.All).Concat(ErrorCases.All).Concat(WaitCases.All).Concat(UdpCases.All).Concat(NameCases.All))
        {
            if (!name.StartsWith(prefix, StringComparison.Ordinal))
                continue;
            count++;
            Console.WriteLine($"case {name}: {await AnswerAsync(run)}");
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
