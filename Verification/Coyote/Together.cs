using Microsoft.Coyote.Specifications;

namespace Troupe.Verification.Coyote;

/// <summary>The shape of a test: a few bodies at once, then a look at the result. Coyote does not control span overloads of the waits, so arrays.</summary>
internal static class Together
{
    public static void Run(params Action[] bodies)
    {
        var tasks = new Task[bodies.Length];
        for (var i = 0; i < bodies.Length; i++)
        {
            var body = bodies[i];
            tasks[i] = Task.Run(body);
        }

        Task.WaitAll(tasks);
    }

    public static void Require(bool holds, string what) => Specification.Assert(holds, what);
}
