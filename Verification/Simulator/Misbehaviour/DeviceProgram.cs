using System.Globalization;

namespace Troupe.Verification.Simulator;

/// <summary><c>./troupe verify devices</c>, which checks the arguments.</summary>
internal static class DeviceProgram
{
    private const int MostPrinted = 20;

    public static int Run(IReadOnlyDictionary<string, string> given)
    {
        int Number(string name, int otherwise) => given.TryGetValue(name, out string? text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
        int first = Number("seed", 0);
        int count = Number("cases", 10_000);
        DeviceKind? device = given.TryGetValue("device", out string? named) ? Array.Find(Enum.GetValues<DeviceKind>(), kind => DeviceCase.NameOf(kind) == named) : null;
        if (count == 1)
            return One(first, device);

        DeviceRunResult result = DeviceRun.Run(first, count, device, Number("jobs", Environment.ProcessorCount), Console.Error.WriteLine);
        Print(result);
        int replays = Math.Min(count, Number("replays", 100));
        IReadOnlyList<int> unrepeatable = DeviceRun.FindUnrepeatable(first, replays, device);
        Console.WriteLine($"{replays - unrepeatable.Count} of {replays} cases replay to the same fingerprint");
        foreach (int seed in unrepeatable.Take(MostPrinted))
            Console.WriteLine($"  not {DeviceCase.Command(seed, device ?? DeviceCase.KindOf(seed))}");
        foreach (DeviceCaseReport failure in result.Failures.Take(MostPrinted))
            Console.WriteLine($"{DeviceCase.Command(failure.Seed, failure.Device)}\n  {failure.Failure!.Split('\n')[0]}");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Count:N0} cases, {result.Failures.Count} failed, in {result.Wall.TotalSeconds:F0} s: {result.Count / result.Wall.TotalSeconds:F0} cases/s"));
        return result.Failures.Count + unrepeatable.Count > 0 ? 1 : 0;
    }

    private static void Print(DeviceRunResult result)
    {
        Console.WriteLine("device           cases  violations    resets  accesses checked");
        foreach ((DeviceKind kind, DeviceTotals totals) in result.Devices.OrderBy(static pair => pair.Key))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{DeviceCase.NameOf(kind),-12} {totals.Cases,9:N0} {totals.Violations,11:N0} {totals.Resets,9:N0} {totals.Accesses,17:N0}"));
        Console.WriteLine("misbehaviour         cases with it      times");
        foreach ((Misbehaviour kind, (int cases, long times)) in result.Cases)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind,-20} {cases,13:N0} {times,10:N0}"));
    }

    private static int One(int seed, DeviceKind? device)
    {
        DeviceCaseReport report = DeviceCase.Run(seed, device);
        foreach (string line in report.Trace)
            Console.WriteLine(line);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"seed {seed}: {DeviceCase.NameOf(report.Device)}; {report.Violations} violations, {report.Resets} resets, {report.Virtual.TotalSeconds:F3} s of virtual time, {report.Steps:N0} steps, fingerprint {report.Fingerprint:x16}"));
        Console.WriteLine(report.Failure ?? "everything held");
        return report.Failure is null ? 0 : 1;
    }
}
