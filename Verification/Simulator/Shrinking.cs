using System.Globalization;

namespace Troupe.Verification.Simulator;

/// <summary>Makes a failing seed smaller: kinds of faults are left out one by one, and the time in which there are faults is halved from both ends, as long as it fails.</summary>
public static class Shrinking
{
    /// <summary>The options under which a seed still fails, with as little as was found.</summary>
    public static SimulationOptions Shrink(int seed, SimulationOptions options, Action<string>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        SimulationReport failing = Simulation.Run(seed, options);
        if (failing.Passed)
            return options;
        SimulationOptions smallest = options with { Kinds = failing.Kinds, Without = FaultKinds.None, FaultsUntil = failing.FaultsEnded };
        bool Fails(SimulationOptions candidate)
        {
            if (Simulation.Run(seed, candidate).Passed)
                return false;
            smallest = candidate;
            progress?.Invoke(Command(seed, candidate));
            return true;
        }

        foreach (FaultKinds kind in FaultPlan.Each)
        {
            if ((smallest.Kinds!.Value & kind) != 0)
                Fails(smallest with { Kinds = smallest.Kinds & ~kind });
        }

        // To 10 ms.
        for (TimeSpan width = smallest.FaultsUntil / 2; width > TimeSpan.FromMilliseconds(10); width /= 2)
            Fails(smallest with { FaultsUntil = smallest.FaultsUntil - width });
        for (TimeSpan width = smallest.FaultsUntil / 2; width > TimeSpan.FromMilliseconds(10); width /= 2)
        {
            if (smallest.FaultsFrom + width < smallest.FaultsUntil)
                Fails(smallest with { FaultsFrom = smallest.FaultsFrom + width });
        }

        return smallest;
    }

    /// <summary>The command that runs a seed with these options.</summary>
    public static string Command(int seed, SimulationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        SimulationOptions usual = new();
        string command = $"./troupe verify sim --seed {seed.ToString(CultureInfo.InvariantCulture)}";
        if (options.Hosts != usual.Hosts)
            command += $" --hosts {options.Hosts}";
        if (options.Octets != usual.Octets)
            command += $" --octets {options.Octets}";
        if (options.MailboxCapacity != usual.MailboxCapacity)
            command += $" --capacity {options.MailboxCapacity}";
        if (options.Kinds is { } kinds)
            command += $" --kinds {kinds.ToString().Replace(" ", "", StringComparison.Ordinal)}";
        if (options.FaultsFrom != usual.FaultsFrom)
            command += $" --from {(long)options.FaultsFrom.TotalMilliseconds}";
        if (options.FaultsUntil != usual.FaultsUntil)
            command += $" --until {(long)Math.Ceiling(options.FaultsUntil.TotalMilliseconds)}";
        return command;
    }
}
