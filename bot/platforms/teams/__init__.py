"""Microsoft Teams; `adapter` is the door. botbuilder, botframework and msrest live here and nowhere else."""
