using System.CommandLine;
using System.CommandLine.Parsing;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Commands;

/// <summary>The command line as a whole.</summary>
public static class TroupeCommand
{
    /// <summary>Every command.</summary>
    public static RootCommand Create() => new("Troupe: .NET programs as actors on a kernel of their own.")
    {
        NewCommand.Create(),
        RunCommand.Create(),
        MonitorCommand.Create(),
        BuildCommand.Create(),
        DevCommand.Create(),
        TestCommand.Create(),
        BenchCommand.Create(),
        SoakCommand.Create(),
        VerifyCommand.Create(),
        GateCommand.Create(),
        ImpairCommand.Create(),
        StreamCommand.Create(),
        DatagramsCommand.Create(),
        DoctorCommand.Create(),
    };

    /// <summary>Parses and runs; throws <see cref="UserError"/> for what the user can mend.</summary>
    public static async Task<int> InvokeAsync(string[] arguments, CancellationToken cancellation)
    {
        var parsed = Create().Parse(arguments.Length == 0 ? ["--help"] : arguments);
        // --help and --version win over what else is wrong with a line, as their actions clear the errors.
        if (parsed.Errors.Count > 0 && parsed.Action is not { ClearsParseErrors: true })
        {
            throw Complaint(parsed);
        }

        return await parsed.InvokeAsync(
            new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, cancellation).ConfigureAwait(false);
    }

    private static UserError Complaint(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var words = Lineage(parsed.CommandResult);
        var help = $"See ./{string.Join(' ', words)} --help";
        if (parsed.UnmatchedTokens.Count > 0)
        {
            var word = parsed.UnmatchedTokens[0];
            var option = word.StartsWith('-');
            IEnumerable<string> known = option
                ? command.Options.SelectMany(candidate => candidate.Aliases.Append(candidate.Name))
                : command.Subcommands.Select(candidate => candidate.Name);
            var meant = Suggestion.Nearest(word, known.Where(name => name.StartsWith("--", StringComparison.Ordinal) == option));
            var kind = option ? "option" : command.Subcommands.Count > 0 ? "command" : "argument";
            return new UserError($"unknown {kind} '{word}'." + (meant is null ? string.Empty : $" Did you mean '{meant}'?"), help);
        }

        return new UserError(string.Join('\n', parsed.Errors.Select(error => error.Message).Distinct()), help);
    }

    private static List<string> Lineage(CommandResult result)
    {
        List<string> words = [];
        for (SymbolResult? symbol = result; symbol is CommandResult current; symbol = current.Parent)
        {
            words.Insert(0, current.Parent is null ? "troupe" : current.Command.Name);
        }

        return words;
    }
}
