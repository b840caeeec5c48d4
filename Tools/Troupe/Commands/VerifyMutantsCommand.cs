using System.CommandLine;
using Troupe.Tools.Verification;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe verify mutants</c>: plants bugs and counts which the tests find.</summary>
internal static class VerifyMutantsCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var only = new Option<string?>("--only") { Description = "Only mutants whose name contains this.", HelpName = "NAME" };
        var resume = new Option<bool>("--resume") { Description = "Leave out mutants that have a result already, in artifacts/verify/mutants.tsv or in Verification/Mutants/results.tsv." };
        var realThreads = new Option<bool>("--real-threads") { Description = "Only mutants of concurrency: put each under Coyote, into the explorer and on real threads for the same time, and print who finds how many." };
        var records = new Option<bool>("--record") { Description = "Write what became of each mutant to Verification/Mutants/results.tsv, which is kept with the sources." };
        var command = new Command("mutants", "Plant each bug of Verification/Mutants in a copy of the sources, build it, and run the tests that concern it until one fails: at most 3 minutes each.") { only, resume, realThreads, records };
        command.SetAction((result, cancellation) => new MutantRun(Repository.Locate(), cancellation).RunAsync(result.GetValue(only), result.GetValue(resume), result.GetValue(realThreads), result.GetValue(records)));
        return command;
    }
}
