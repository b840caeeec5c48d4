using System.CommandLine;
using System.Globalization;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe verify devices</c>: drivers on simulated devices that misbehave at moments that follow from a seed.</summary>
public static class VerifyDevicesCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var seed = new Option<int>("--seed") { Description = "The seed of the first case (0)." };
        var device = new Option<string?>("--device") { Description = "The one device to try; all of them in turn otherwise.", HelpName = "NAME" };
        device.AcceptOnlyFromAmong("virtio-net", "virtio-blk", "virtio-rng", "rtl8139", "netfront");
        var cases = VerifySimCommand.At("--cases", 1, "How many cases (10000); with one, what its device did is printed.");
        var jobs = VerifySimCommand.At("--jobs", 1, "Threads (as many as processors).");
        var replays = VerifySimCommand.At("--replays", 0, "How many of the cases are run twice more, to see that they take the same way (100).");
        var command = new Command("devices", "Run drivers on simulated devices that misbehave in seeded ways, with guard regions around their memory.") { cases, seed, device, jobs, replays };
        command.SetAction((result, cancellation) =>
        {
            List<string> arguments = ["devices", "--seed", result.GetValue(seed).ToString(CultureInfo.InvariantCulture)];
            foreach (var number in (Option<int?>[])[cases, jobs, replays])
            {
                if (result.GetValue(number) is { } value)
                {
                    arguments.AddRange([number.Name, value.ToString(CultureInfo.InvariantCulture)]);
                }
            }

            if (result.GetValue(device) is { } named)
            {
                arguments.AddRange(["--device", named]);
            }

            return VerifySimCommand.ExecuteAsync(arguments, cancellation);
        });
        return command;
    }
}
