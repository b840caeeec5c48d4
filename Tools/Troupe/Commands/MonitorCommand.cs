using System.CommandLine;
using System.Text;
using Troupe.Tools.Guests;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe monitor SOCKET [COMMAND...]</c>: asks the monitor of a running guest.</summary>
public static class MonitorCommand
{
    /// <summary>A busy host's guest may need a while; one without a monitor never answers.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var socket = new Argument<string>("SOCKET") { Description = "The socket of the guest's channel org.troupe.monitor (troupe run APP --channel org.troupe.monitor=SOCKET)." };
        var words = new Argument<string[]>("COMMAND") { Description = "What to ask (help lists it); nothing: each line of the standard input.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("monitor", "Ask a running guest for snapshots, traces and swaps.") { socket, words };
        command.SetAction((result, cancellation) => ExecuteAsync(result.GetRequiredValue(socket), result.GetValue(words) ?? [], cancellation));
        return command;
    }

    private static async Task<int> ExecuteAsync(string socket, string[] words, CancellationToken cancellation)
    {
        await using var stream = await GuestChannel.ConnectAsync(socket, cancellation).ConfigureAwait(false);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        if (words.Length > 0)
        {
            return await AskAsync(stream, reader, string.Join(' ', words), cancellation).ConfigureAwait(false) ? ExitCodes.Success : ExitCodes.Failure;
        }

        var answered = true;
        while (await Console.In.ReadLineAsync(cancellation).ConfigureAwait(false) is { } line)
        {
            answered &= await AskAsync(stream, reader, line, cancellation).ConfigureAwait(false);
        }

        return answered ? ExitCodes.Success : ExitCodes.Failure;
    }

    /// <summary>Asks one thing and prints the answer as it comes; false if it is an error.</summary>
    private static async Task<bool> AskAsync(Stream stream, StreamReader reader, string line, CancellationToken cancellation)
    {
        await stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), cancellation).ConfigureAwait(false);
        while (true)
        {
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            waiting.CancelAfter(_patience);
            string? answer;
            try
            {
                answer = await reader.ReadLineAsync(waiting.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new UserError($"the guest did not answer in {_patience.TotalSeconds:0} s.", "The app has to call ServeMonitorAsync (docs/observability.md).", ExitCodes.Broken);
            }

            switch (answer)
            {
                case null:
                    throw new UserError("the guest ended before it had answered.", exitCode: ExitCodes.Broken);
                case "ok":
                    return true;
                case not null when answer.StartsWith("error: ", StringComparison.Ordinal):
                    Output.Error(answer["error: ".Length..]);
                    return false;
                default:
                    await Console.Out.WriteLineAsync(answer).ConfigureAwait(false);
                    break;
            }
        }
    }
}
