namespace Troupe.Smp.Tests.Machine;

/// <summary>What the simulated threads of several tests do.</summary>
public static class Programs
{
    public const long Microsecond = 1_000;

    public const long Millisecond = 1_000_000;

    public const long Second = 1_000_000_000;

    /// <summary>Computes for ever.</summary>
    public static IEnumerable<Operation> Hog()
    {
        while (true)
            yield return Operation.Compute(Second);
    }

    public static IEnumerable<Operation> ComputeOnce(long nanoseconds)
    {
        yield return Operation.Compute(nanoseconds);
    }

    public static IEnumerable<Operation> SleepThenHog(long nanoseconds)
    {
        yield return Operation.Sleep(nanoseconds);
        while (true)
            yield return Operation.Compute(Second);
    }

    /// <summary>Computes and sleeps in turns.</summary>
    public static IEnumerable<Operation> Periodic(long compute, long sleep)
    {
        while (true)
        {
            yield return Operation.Compute(compute);
            yield return Operation.Sleep(sleep);
        }
    }

    /// <summary>Spins until a condition holds, with sched_yield or without.</summary>
    public static IEnumerable<Operation> Spin(Func<bool> until, bool yields)
    {
        while (!until())
        {
            yield return Operation.Compute(yields ? 2 * Microsecond : 20 * Microsecond);
            if (yields)
                yield return Operation.Yield;
        }
    }
}
