using System.Globalization;
using Troupe.Tools.Benchmarks.Net;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Benchmarks.Io;

/// <summary>What came of a load.</summary>
/// <param name="Throughput">MB a second.</param>
/// <param name="Rate">Requests a second.</param>
/// <param name="Median">Microseconds of a request, in the middle.</param>
/// <param name="Percentile99">Microseconds that 99 of 100 did not exceed.</param>
public sealed record IoResult(double Throughput, double Rate, double Median, double Percentile99)
{
    /// <summary>One of the numbers.</summary>
    public double this[IoMeasure measure] => measure switch
    {
        IoMeasure.Throughput => Throughput,
        IoMeasure.Rate => Rate,
        IoMeasure.Median => Median,
        _ => Percentile99,
    };

    /// <summary>What the client of datagrams measured.</summary>
    public static IoResult Of(DatagramResult datagrams)
    {
        ArgumentNullException.ThrowIfNull(datagrams);
        return new IoResult(double.NaN, datagrams.PerSecond, datagrams.Median, datagrams.Percentile99);
    }

    /// <summary>Reads what Apps/Benchmark says of its disk: a name and a number a line.</summary>
    /// <exception cref="UserError">It says something else.</exception>
    public static IoResult Parse(string text, IoWork work)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(work);
        var numbers = new Dictionary<string, double>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split(' ');
            if (words.Length != 2 || !double.TryParse(words[1], CultureInfo.InvariantCulture, out var number))
            {
                throw new UserError($"the guest says of its disk: {text.TrimEnd()}", exitCode: ExitCodes.Failure);
            }

            numbers[words[0]] = number;
        }

        double Number(string name) => numbers.TryGetValue(name, out var number)
            ? number
            : throw new UserError($"the guest says nothing of '{name}': {text.TrimEnd()}", exitCode: ExitCodes.Failure);
        var rate = Number("requests") / Number("seconds");
        return new IoResult(rate * work.Length / 1e6, rate, Number("p50-microseconds"), Number("p99-microseconds"));
    }
}
