using System.Diagnostics;
using Spectre.Console;

namespace Troupe.Tools.Terminal;

/// <summary>What the tools say themselves: to standard error, so that a guest's serial output alone is on standard output.
/// Plain lines where the error stream is no terminal.</summary>
public static class Output
{
    private static readonly IAnsiConsole _error = AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(Console.Error),
        Interactive = Console.IsErrorRedirected ? InteractionSupport.No : InteractionSupport.Detect,
    });

    /// <summary>True when spinners and colours make sense.</summary>
    public static bool IsTerminal => !Console.IsErrorRedirected && _error.Profile.Capabilities.Ansi;

    /// <summary>One line about what is going on.</summary>
    public static void Say(string message) => Console.Error.WriteLine($"troupe: {message}");

    /// <summary>A line that stands out, such as the address of a guest's web page.</summary>
    public static void Highlight(string message)
    {
        if (IsTerminal)
        {
            _error.MarkupLine($"troupe: [bold green]{Markup.Escape(message)}[/]");
        }
        else
        {
            Say(message);
        }
    }

    /// <summary>An error and what to do about it.</summary>
    public static void Error(string message, string? hint = null)
    {
        if (IsTerminal)
        {
            _error.MarkupLine($"troupe: [bold red]{Markup.Escape(message)}[/]");
        }
        else
        {
            Say(message);
        }

        if (hint is not null)
        {
            Console.Error.WriteLine(hint);
        }
    }

    /// <summary>Runs a step that takes long, showing that it goes on, and how long it took.</summary>
    public static async Task<T> StepAsync<T>(string title, Func<Task<T>> step)
    {
        var clock = Stopwatch.StartNew();
        T result;
        if (IsTerminal)
        {
            result = await _error.Status().StartAsync(Markup.Escape(title), _ => step()).ConfigureAwait(false);
        }
        else
        {
            Say($"{title} ...");
            result = await step().ConfigureAwait(false);
        }

        Say($"{title}: {clock.Elapsed.TotalSeconds:0.0} s");
        return result;
    }

    /// <summary>Prints a table to standard output: with rules on a terminal, in aligned columns elsewhere.</summary>
    public static void Table(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        var all = rows.ToList();
        if (!Console.IsOutputRedirected)
        {
            var table = new Table().Border(TableBorder.Rounded);
            foreach (var heading in headings)
            {
                table.AddColumn(Markup.Escape(heading));
            }

            foreach (var row in all)
            {
                table.AddRow(row.Select(Markup.Escape).ToArray());
            }

            AnsiConsole.Write(table);
            return;
        }

        var widths = Enumerable.Range(0, headings.Count)
            .Select(column => all.Select(row => row[column].Length).Append(headings[column].Length).Max())
            .ToArray();
        foreach (var row in all.Prepend(headings))
        {
            Console.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }
}
