"""Front ends: Python source (`script`) and recorded runs (`trace`), both builders of the IR."""
