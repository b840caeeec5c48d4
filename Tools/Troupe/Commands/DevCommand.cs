using System.CommandLine;
using Troupe.Tools.Development;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe dev APP</c>: runs an app hosted, and swaps its actors' behaviours as their sources change.</summary>
public static class DevCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var app = CommonSymbols.App();
        var words = new Argument<string[]>("WORDS") { Description = "What the program's Main gets, after --.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("dev", "Run an app on this host and swap its actors' behaviours while you edit them (Ctrl-C ends it).") { app, words };
        command.SetAction((result, cancellation) =>
        {
            var repository = Repository.Locate();
            return new DevelopmentSession(repository, repository.FindApp(result.GetRequiredValue(app))).RunAsync(result.GetValue(words) ?? [], cancellation);
        });
        return command;
    }
}
