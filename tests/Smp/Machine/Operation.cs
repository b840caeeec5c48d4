namespace Troupe.Smp.Tests.Machine;

/// <summary>What a simulated thread does next.</summary>
/// <param name="Kind">Which call.</param>
/// <param name="Amount">Nanoseconds of computing or sleeping, or the address of a futex word.</param>
/// <param name="Value">Expected value, or count to wake.</param>
/// <param name="Deadline">When a futex wait gives up, nanoseconds from the call.</param>
public readonly record struct Operation(OperationKind Kind, long Amount = 0, uint Value = 0, long Deadline = long.MaxValue)
{
    public static Operation Compute(long nanoseconds) => new(OperationKind.Compute, nanoseconds);

    public static Operation Yield { get; } = new(OperationKind.Yield);

    public static Operation Sleep(long nanoseconds) => new(OperationKind.Sleep, nanoseconds);

    public static unsafe Operation FutexWait(uint* word, uint expected, long timeout = long.MaxValue) => new(OperationKind.FutexWait, (long)word, expected, timeout);

    public static unsafe Operation FutexWake(uint* word, uint count) => new(OperationKind.FutexWake, (long)word, count);
}

public enum OperationKind
{
    Compute,
    Yield,
    Sleep,
    FutexWait,
    FutexWake,
}
