using System.CommandLine;
using Troupe.Tools.Benchmarks.Net;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe datagrams</c>: the client that <c>troupe bench io</c> runs in its namespace.</summary>
public static class DatagramsCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var host = new Argument<string>("HOST") { Description = "Where Apps/Benchmark runs." };
        var port = new Argument<int>("PORT") { Description = "Its port for datagrams." };
        var window = new Argument<int>("WINDOW") { Description = "How many are on their way at the same time." };
        var seconds = new Argument<double>("SECONDS") { Description = "For how long." };
        var command = new Command("datagrams", "Small datagrams to Apps/Benchmark and back: answers a second, microseconds to an answer (p50, p99), and how many were lost.")
        {
            host, port, window, seconds,
        };
        command.Hidden = true;
        command.SetAction(result =>
        {
            Console.WriteLine(DatagramLoad.Run(
                result.GetRequiredValue(host), result.GetValue(port), result.GetValue(window), TimeSpan.FromSeconds(result.GetValue(seconds))).Line);
            return ExitCodes.Success;
        });
        return command;
    }
}
