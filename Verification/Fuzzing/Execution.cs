using System.Diagnostics;

namespace Troupe.Verification.Fuzzing;

/// <summary>Runs one input against a target and says what was wrong, if anything.</summary>
internal static class Execution
{
    /// <summary>What an input did that none may; null for nothing.</summary>
    public static Finding? Run(FuzzTarget target, ReadOnlySpan<byte> input)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            target.Run(input);
        }
        catch (Exception exception)
        {
            return new(KeyOf(exception), exception.ToString());
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return allocated <= target.MostAllocated ? null : new("allocation", $"{allocated} octets were allocated, and {target.MostAllocated} are the most that an input may need.");
    }

    // The same failure is the same exception from the same place; what an oracle says differs with the input, so its own caller counts.
    private static string KeyOf(Exception exception)
    {
        exception = exception.GetBaseException();
        StackFrame? frame = new StackTrace(exception).GetFrames().FirstOrDefault(static frame => frame.GetMethod()?.DeclaringType is { } type
            && type.Namespace?.StartsWith("Troupe", StringComparison.Ordinal) == true && !typeof(FuzzTarget).Equals(type));
        return $"{exception.GetType().Name} in {frame?.GetMethod()?.DeclaringType?.Name}.{frame?.GetMethod()?.Name}+{frame?.GetILOffset()}";
    }
}

/// <summary>Something that no input may do.</summary>
/// <param name="Key">Equal for inputs that fail the same way.</param>
/// <param name="Text">What happened.</param>
internal sealed record Finding(string Key, string Text);
