using System.Diagnostics.CodeAnalysis;

namespace Troupe.Apps.ClientTest;

/// <summary>
/// Runs cases one after another and prints what each answered, a line a case; the lines of two machines are compared, so nothing in them may depend on time, ports
/// or addresses. A case that finds something wrong throws.
/// </summary>
internal sealed class CaseRun(string group)
{
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(60);

    private int _count;
    private int _failed;

    /// <summary>Runs a case.</summary>
    public async Task CaseAsync(string name, Func<CancellationToken, Task<string>> run)
    {
        _count++;
        string answer;
        using CancellationTokenSource limit = new(_longest);
        try
        {
            // A case that blocks its thread must not stop the run.
            answer = await Task.Run(() => run(limit.Token)).WaitAsync(_longest + TimeSpan.FromSeconds(5));
        }
        catch (Exception exception)
        {
            _failed++;
            answer = "FAILED " + exception.ToString().ReplaceLineEndings(" / ");
        }

        Console.WriteLine($"case {group}.{name}: {answer}");
    }

    /// <summary>Says that all have run; the program's exit code.</summary>
    public int End()
    {
        Console.WriteLine($"{group}: {_count} cases, {_failed} failed");
        return _failed == 0 ? 0 : 1;
    }

    /// <summary>Asks whoever started this program for something: it reads what is printed.</summary>
    public static void Ask(string what) => Console.WriteLine($"please {what}");

    /// <summary>Ends a case unless something holds.</summary>
    public static void Must([DoesNotReturnIf(false)] bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidDataException(otherwise);
    }

    /// <summary>The type of the exception that an action ends with; ends the case if it ends with none.</summary>
    public static async Task<TException> ThrowsAsync<TException>(Func<Task> action)
        where TException : Exception
    {
        try
        {
            await action();
        }
        catch (TException exception)
        {
            return exception;
        }

        throw new InvalidDataException($"There was no {typeof(TException).Name}.");
    }
}
