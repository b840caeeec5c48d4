using System.Globalization;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Benchmarks.Net;

/// <summary>What Apps/Benchmark sends and answers, measured by a client of ours inside the namespace: this program once more.</summary>
internal static class GuestStream
{
    private const int StreamPort = 8081;
    private const int DatagramPort = 8082;

    /// <summary>MB a second on one TCP connection, or answers a second.</summary>
    public static async Task<double> MeasureAsync(TapNetwork network, NetRowKind kind, int seconds, CancellationToken cancellation)
    {
        var word = kind switch { NetRowKind.BulkReceive => "receive", NetRowKind.BulkSend => "send", _ => "echo" };
        var output = await RunAsync(network, ["stream", word, TapNetwork.GuestAddress, Number(StreamPort), Number(seconds)], cancellation).ConfigureAwait(false);
        return double.TryParse(output, CultureInfo.InvariantCulture, out var rate)
            ? kind == NetRowKind.RequestReply ? rate : rate / 1e6
            : throw new UserError(output.Trim(), exitCode: ExitCodes.Failure);
    }

    /// <summary>Small datagrams there and back, so many on their way.</summary>
    public static async Task<DatagramResult> EchoAsync(TapNetwork network, int window, int seconds, CancellationToken cancellation)
    {
        var output = await RunAsync(
            network, ["datagrams", TapNetwork.GuestAddress, Number(DatagramPort), Number(window), Number(seconds)], cancellation).ConfigureAwait(false);
        return DatagramResult.TryParse(output, out var result) ? result : throw new UserError(output.Trim(), exitCode: ExitCodes.Failure);
    }

    private static async Task<string> RunAsync(TapNetwork network, string[] words, CancellationToken cancellation)
    {
        var result = await network.TryInsideAsync([Environment.ProcessPath!, .. OwnAssembly(), .. words], cancellation).ConfigureAwait(false);
        return result.ExitCode == 0 ? result.Output : throw new UserError(result.Output.Trim(), exitCode: ExitCodes.Failure);
    }

    /// <summary>The program is <c>dotnet</c> where the tools run from their assembly, and the tools themselves otherwise.</summary>
    private static string[] OwnAssembly() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(GuestStream).Assembly.Location] : [];

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
