using System.CommandLine;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe verify quick</c>: searches the interleavings of the kernel's protocols and the mailboxes.</summary>
public static class VerifyCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var depth = new Argument<string>("DEPTH") { Description = "quick: what every test run does." };
        depth.AcceptOnlyFromAmong("quick");
        var filter = CommonSymbols.Filter();
        var command = new Command("verify", "Search interleavings and memory orders of the kernel's protocols and the mailboxes.") { depth, filter };
        command.Subcommands.Add(VerifySimCommand.Create());
        command.SetAction((result, cancellation) => TestCommand.ExecuteAsync("verify", result.GetValue(filter), cancellation));
        return command;
    }
}
