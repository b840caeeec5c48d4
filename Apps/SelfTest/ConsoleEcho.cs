using Troupe.Apps.Hosting;

namespace Troupe.Apps.SelfTest;

/// <summary>Says back what is typed at the console, line by line, until the input ends.</summary>
internal static class ConsoleEcho
{
    internal static bool Run(int pause)
    {
        _ = Unikernel.CreateBuilder([]).Build();
        Console.WriteLine("type away");
        long characters = 0;
        int lines = 0;
        for (; Console.ReadLine() is { } line; lines++)
        {
            if (lines == 0)
            {
                // Meanwhile more may come than there is room for.
                Thread.Sleep(pause);
            }

            characters += line.Length;
            if (line.Length < 80)
            {
                Console.WriteLine($"read '{line}'");
            }
        }

        Console.WriteLine($"the input ended after {lines} lines of {characters} characters; reading on gives {Console.In.Read()}");
        return true;
    }
}
