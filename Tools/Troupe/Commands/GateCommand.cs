using System.CommandLine;
using Troupe.Tools.Gate;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe gate APP</c>: proves that the kernel code of an image calls no runtime helper.</summary>
public static class GateCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var app = CommonSymbols.App();
        var command = new Command("gate", "Check that the kernel code of an app's image calls no helper of the .NET runtime.") { app };
        command.SetAction(async (result, cancellation) =>
        {
            var repository = Repository.Locate();
            await SystemPackages.RequireAsync(SystemPackages.Building, cancellation).ConfigureAwait(false);
            var (violations, examined) = await ImageGate.CheckAsync(
                repository, repository.FindApp(result.GetRequiredValue(app)), cancellation).ConfigureAwait(false);
            foreach (var violation in violations)
            {
                Console.WriteLine(violation);
            }

            Output.Say($"{examined} functions reached from kernel code, {violations.Count} violations");
            return violations.Count == 0 && examined > 0 ? ExitCodes.Success : ExitCodes.Failure;
        });
        return command;
    }
}
