using System.CommandLine;
using System.Globalization;
using Troupe.Tools.Benchmarks.Net;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe stream</c>: the client that <c>troupe bench net</c> runs in its namespace; prints one number.</summary>
public static class StreamCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var kind = new Argument<string>("KIND") { Description = "send: the guest sends; receive: it receives; echo: it answers." };
        kind.AcceptOnlyFromAmong([.. StreamLoad.Kinds]);
        var host = new Argument<string>("HOST") { Description = "Where Apps/Benchmark runs." };
        var port = new Argument<int>("PORT") { Description = "Its port for streams." };
        var seconds = new Argument<double>("SECONDS") { Description = "For how long." };
        var command = new Command("stream", "One TCP connection to Apps/Benchmark: bytes, or answers, a second.") { kind, host, port, seconds };
        command.Hidden = true;
        command.SetAction(async (result, cancellation) =>
        {
            var rate = await StreamLoad.RunAsync(
                result.GetRequiredValue(host), result.GetValue(port), result.GetRequiredValue(kind), TimeSpan.FromSeconds(result.GetValue(seconds)), cancellation).ConfigureAwait(false);
            Console.WriteLine(rate.ToString("0.0", CultureInfo.InvariantCulture));
            return ExitCodes.Success;
        });
        return command;
    }
}
