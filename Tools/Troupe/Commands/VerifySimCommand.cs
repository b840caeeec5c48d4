using System.CommandLine;
using System.Globalization;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe verify sim</c>: whole hosts on a simulated network, with faults that follow from a seed.</summary>
public static class VerifySimCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var seed = new Option<int>("--seed") { Description = "The seed, or the first of many." };
        var numbers = new[]
        {
            At("--seeds", 1, "How many seeds, from the first on; with one, its last frames and faults are printed."),
            At("--capacity", 1, "Messages that any mailbox holds at most; 1 makes everybody wait who can."),
            At("--hosts", 2, "Hosts on the network (2)."),
            At("--octets", 1, "Octets that each sender sends (262144)."),
            At("--from", 0, "Milliseconds before which there are no faults."),
            At("--until", 0, "Milliseconds after which there are none."),
            At("--jobs", 1, "Threads (as many as processors)."),
            At("--minutes", 1, "When to stop though there are seeds left."),
            At("--replays", 0, "How many of the seeds are run twice more, to see that they take the same way (100)."),
        };
        var kinds = new Option<string>("--kinds") { Description = "The kinds of faults instead of the seed's own mix, as in Loss,Partition; All, None.", HelpName = "KINDS" };
        var command = new Command("sim", "Simulate whole hosts: real actors, stack and driver on simulated devices and links, in virtual time, with faults that follow from a seed.") { seed, kinds };
        foreach (var number in numbers)
        {
            command.Options.Add(number);
        }

        command.SetAction((result, cancellation) =>
        {
            List<string> arguments = ["--seed", result.GetValue(seed).ToString(CultureInfo.InvariantCulture)];
            foreach (var number in numbers)
            {
                if (result.GetValue(number) is { } value)
                {
                    arguments.AddRange([number.Name, value.ToString(CultureInfo.InvariantCulture)]);
                }
            }

            if (result.GetValue(kinds) is { } named)
            {
                arguments.AddRange(["--kinds", named]);
            }

            return ExecuteAsync(arguments, cancellation);
        });
        return command;
    }

    /// <summary>Builds the simulator and runs it.</summary>
    internal static async Task<int> ExecuteAsync(List<string> arguments, CancellationToken cancellation)
    {
        var repository = Repository.Locate();
        var simulator = new App("Simulator", Path.Combine(repository.Root, "Verification", "Simulator", "Troupe.Verification.Simulator.csproj"));
        var program = await new HostedBuild(repository).EnsureAsync(simulator, cancellation).ConfigureAwait(false);
        return await HostProcess.RunAsync("dotnet", [program, .. arguments], cancellation, repository.Root).ConfigureAwait(false);
    }

    /// <summary>An option of a number that is not smaller than the least.</summary>
    internal static Option<int?> At(string name, int least, string description)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() < least)
            {
                result.AddError($"{name} must be at least {least}.");
            }
        });
        return option;
    }
}
