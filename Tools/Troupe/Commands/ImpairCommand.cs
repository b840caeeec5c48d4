using System.CommandLine;
using Troupe.Tools.Networks;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe impair</c>: a bad link between a guest of <c>-netdev dgram</c> and a network interface; <c>troupe test net</c> runs it in a namespace.</summary>
public static class ImpairCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var wire = new Argument<string>("INTERFACE") { Description = "The interface whose frames go to the guest and back, for instance one end of a veth pair." };
        var own = new Option<string>("--socket") { Description = "The Unix socket to make: QEMU's remote.path.", Required = true };
        var guest = new Option<string>("--guest") { Description = "QEMU's Unix socket: its local.path.", Required = true };
        var loss = Part("--loss", "vanish");
        var reordering = Part("--reorder", "are held back by 4 ms");
        var duplication = Part("--duplicate", "arrive twice");
        var corruption = Part("--corrupt", "get one to three bits turned");
        var delay = new Option<int>("--delay") { Description = "Milliseconds that each frame is under way, each way." };
        var seed = new Option<int>("--seed") { Description = "What decides which frames.", DefaultValueFactory = _ => 1 };
        var command = new Command("impair", "Sit between a guest and a network interface and lose, reorder, double, corrupt or delay frames; ends when standard input does, and says what it did.")
        {
            wire, own, guest, loss, reordering, duplication, corruption, delay, seed,
        };
        command.SetAction(result =>
        {
            var impairment = new Impairment
            {
                Loss = result.GetValue(loss),
                Reordering = result.GetValue(reordering),
                Duplication = result.GetValue(duplication),
                Corruption = result.GetValue(corruption),
                Delay = TimeSpan.FromMilliseconds(result.GetValue(delay)),
                Seed = result.GetValue(seed),
            };
            return Execute(result.GetRequiredValue(wire), result.GetRequiredValue(own), result.GetRequiredValue(guest), impairment);
        });
        return command;
    }

    private static int Execute(string wire, string own, string guest, Impairment impairment)
    {
        if (!Directory.Exists($"/sys/class/net/{wire}"))
        {
            throw new UserError($"there is no interface {wire}.", "ip link shows those there are (of this network namespace).");
        }

        using var proxy = new ImpairmentProxy(wire, own, guest, impairment);
        Console.WriteLine("ready");
        while (Console.ReadLine() is not null)
        {
        }

        Console.WriteLine(proxy.Report());
        return ExitCodes.Success;
    }

    private static Option<double> Part(string name, string fate)
    {
        var option = new Option<double>(name) { Description = $"The part of frames, 0 to 1, that {fate}." };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is < 0 or > 1)
            {
                result.AddError($"{name} is a part: 0.05 for five in a hundred.");
            }
        });
        return option;
    }
}
